//! The page and the tool that prepares it must speak the same wasm-bindgen.

use super::finding::Finding;

const LIBRARY: &str = "wasm-bindgen";
const TOOL: &str = "wasm-bindgen-cli-support";

/// Looks at the text of `Cargo.lock`.
pub(super) fn check(lock: &str) -> Vec<Finding> {
    let library = version(lock, LIBRARY);
    let tool = version(lock, TOOL);
    if library == tool {
        return Vec::new();
    }
    vec![Finding::new(
        "Cargo.lock",
        format!(
            "{LIBRARY} ({}) and {TOOL} ({}) have one version",
            library.unwrap_or("none"),
            tool.unwrap_or("none")
        ),
        "write the same version behind both in the workspace's Cargo.toml",
    )]
}

fn version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock(library: &str, tool: &str) -> String {
        format!(
            "[[package]]\nname = \"{LIBRARY}\"\nversion = \"{library}\"\n\n[[package]]\nname = \"{TOOL}\"\nversion = \"{tool}\"\n"
        )
    }

    #[test]
    fn versions_are_the_same() {
        assert_eq!(check(&lock("0.2.130", "0.2.130")), []);
        assert_eq!(check(&lock("0.2.131", "0.2.130")).len(), 1);
        assert_eq!(
            check("[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.1\"\n").len(),
            1
        );
    }
}
