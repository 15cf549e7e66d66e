//! Toolchains of other languages: what must be there, and what is switched off by name.

use std::process::{Command, Stdio};

/// Names what is not to be tested, separated by commas.
const WITHOUT: &str = "WAYBILL_TESTS_WITHOUT";

/// What a library's host program is built and run with.
#[derive(Debug)]
pub(crate) struct Toolchain {
    /// How it is switched off.
    name: &'static str,
    /// Commands that succeed where it is there.
    commands: &'static [&'static [&'static str]],
    /// Debian's packages that bring it.
    packages: &'static str,
}

pub(crate) const JAVA: Toolchain = Toolchain {
    name: "java",
    commands: &[&["javac", "-version"], &["mvn", "--version"]],
    packages: "default-jdk-headless maven",
};

pub(crate) const GO: Toolchain = Toolchain {
    name: "go",
    commands: &[&["go", "version"]],
    packages: "golang-go",
};

pub(crate) const NODE: Toolchain = Toolchain {
    name: "node",
    commands: &[&["node", "--version"], &["npm", "--version"]],
    packages: "nodejs npm",
};

pub(crate) const PYTHON: Toolchain = Toolchain {
    name: "python",
    commands: &[&["python3", "-c", "import ensurepip, venv"]],
    packages: "python3 python3-venv",
};

const ALL: [&Toolchain; 4] = [&JAVA, &GO, &NODE, &PYTHON];

impl Toolchain {
    /// Whether to go on: not when it is switched off. Fails where it is absent.
    pub(crate) fn is_wanted(&self) -> bool {
        let without = std::env::var(WITHOUT).unwrap_or_default();
        if is_off(self.name, &without) {
            eprintln!("{} is switched off by {WITHOUT}", self.name);
            return false;
        }
        for command in self.commands {
            assert!(
                succeeds(command),
                "{} is not here: {} fails. Install it (apt-get install {}; cargo xtask test libraries \
                 does that), or leave it out with {WITHOUT}={}",
                self.name,
                command.join(" "),
                self.packages,
                self.name,
            );
        }
        true
    }
}

/// A name that is none would leave nothing out, and nobody would notice.
fn is_off(name: &str, without: &str) -> bool {
    let words: Vec<&str> = without
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .collect();
    for word in &words {
        let known = ALL.map(|toolchain| toolchain.name);
        assert!(
            known.contains(word),
            "{WITHOUT} names {word}; there are {}",
            known.join(", ")
        );
    }
    words.contains(&name)
}

fn succeeds(command: &[&str]) -> bool {
    let status = Command::new(command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[test]
fn a_toolchain_is_switched_off_by_its_name() {
    assert!(is_off("go", "java, go"));
    assert!(!is_off("node", "java,go"));
    assert!(!is_off("go", ""));
    assert!(std::panic::catch_unwind(|| is_off("go", "golang")).is_err());
}

#[test]
fn what_is_absent_is_named_with_the_way_to_get_it_and_the_way_round_it() {
    const COBOL: Toolchain = Toolchain {
        name: "cobol",
        commands: &[&["a-compiler-that-nobody-has", "--version"]],
        packages: "gnucobol",
    };
    let failure = std::panic::catch_unwind(|| COBOL.is_wanted()).expect_err("it is not here");
    let sentence = failure.downcast_ref::<String>().expect("a sentence");
    for word in [
        "cobol is not here",
        "a-compiler-that-nobody-has",
        "gnucobol",
        "WAYBILL_TESTS_WITHOUT=cobol",
    ] {
        assert!(sentence.contains(word), "{word} is not in: {sentence}");
    }
}
