//! How WebKitGTK draws on this machine. Some drivers and virtual machines show a blank window
//! unless told otherwise; what the user has set always wins.

use std::io;
use std::path::Path;

/// Frames go through shared memory instead of the graphics card's buffers.
const FORCE_SHM: (&str, &str) = ("WEBKIT_DMABUF_RENDERER_FORCE_SHM", "1");

/// No compositing on the card at all.
const NO_COMPOSITING: (&str, &str) = ("WEBKIT_DISABLE_COMPOSITING_MODE", "1");

/// Variables by which a user may have decided already.
const DECIDED: [&str; 3] = [
    "WEBKIT_DMABUF_RENDERER_FORCE_SHM",
    "WEBKIT_DISABLE_DMABUF_RENDERER",
    "WEBKIT_DISABLE_COMPOSITING_MODE",
];

/// What matters about a machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Machine {
    /// The user has set one of WebKit's variables.
    pub decided_by_user: bool,
    /// A test drives the window: with compositing off, its screenshots hang.
    pub driven: bool,
    /// There is a graphics card that can render without a screen (`/dev/dri/renderD*`).
    pub has_render_node: bool,
    /// The user asked for the sure way.
    pub safe: bool,
}

/// What to set for WebKit.
pub fn settings(machine: Machine) -> &'static [(&'static str, &'static str)] {
    match machine {
        Machine {
            decided_by_user: true,
            ..
        }
        | Machine { driven: true, .. } => &[],
        Machine { safe: true, .. } => &[FORCE_SHM, NO_COMPOSITING],
        Machine {
            has_render_node: false,
            ..
        } => &[FORCE_SHM],
        Machine { .. } => &[],
    }
}

/// Looks at this machine and, when WebKit needs settings here, starts this program again with them.
/// Returns only when nothing is to be set, or with why the second start failed.
#[cfg(target_os = "linux")]
pub fn restart_with_what_this_machine_needs(safe: bool) -> Option<io::Error> {
    use std::os::unix::process::CommandExt as _;

    let set = |name: &str| std::env::var_os(name).is_some();
    let machine = Machine {
        decided_by_user: DECIDED.iter().any(|name| set(name)),
        driven: set("TAURI_WEBVIEW_AUTOMATION") || set("TAURI_AUTOMATION"),
        has_render_node: has_render_node(Path::new("/dev/dri")),
        safe,
    };
    let settings = settings(machine);
    if settings.is_empty() {
        return None;
    }
    // A second start instead of `set_var`: changing the environment of a running program is unsound
    // as soon as a library has a thread, and they do.
    match std::env::current_exe() {
        Ok(program) => {
            let mut again = std::process::Command::new(program);
            again
                .args(std::env::args_os().skip(1))
                .envs(settings.iter().copied());
            Some(again.exec())
        }
        Err(failure) => Some(failure),
    }
}

/// Other systems' web views need no help.
#[cfg(not(target_os = "linux"))]
pub fn restart_with_what_this_machine_needs(_safe: bool) -> Option<io::Error> {
    None
}

#[cfg(target_os = "linux")]
fn has_render_node(folder: &Path) -> bool {
    let Ok(entries) = folder.read_dir() else {
        return false;
    };
    entries
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().starts_with("renderD"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CARD: Machine = Machine {
        decided_by_user: false,
        driven: false,
        has_render_node: true,
        safe: false,
    };

    #[test]
    fn a_machine_with_a_card_needs_nothing_and_one_without_shares_memory() {
        assert_eq!(settings(CARD), []);
        assert_eq!(
            settings(Machine {
                has_render_node: false,
                ..CARD
            }),
            [FORCE_SHM]
        );
        assert_eq!(
            settings(Machine { safe: true, ..CARD }),
            [FORCE_SHM, NO_COMPOSITING]
        );
    }

    #[test]
    fn users_and_tests_are_left_alone() {
        let bare = Machine {
            has_render_node: false,
            safe: true,
            ..CARD
        };
        assert_eq!(
            settings(Machine {
                decided_by_user: true,
                ..bare
            }),
            []
        );
        assert_eq!(
            settings(Machine {
                driven: true,
                ..bare
            }),
            []
        );
    }

    #[test]
    fn a_render_node_is_found_by_its_name() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        assert!(!has_render_node(folder.path()));
        std::fs::write(folder.path().join("renderD128"), "").expect("a file can be made");
        assert!(has_render_node(folder.path()));
    }
}
