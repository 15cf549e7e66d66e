//! Where Waybill keeps its files.

use std::path::PathBuf;

use directories::ProjectDirs;

/// Folder of profiles and folder of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirs {
    /// Profiles: `WAYBILL_CONFIG_DIR`, else the OS config folder.
    pub config: PathBuf,
    /// The journal: `WAYBILL_DATA_DIR`, else the OS data folder.
    pub data: PathBuf,
}

/// There is no home folder to put anything into.
#[derive(Debug, thiserror::Error)]
#[error("found no home folder; set {variable} to a folder that Waybill may use")]
pub struct NoHome {
    /// The environment variable to set.
    pub variable: &'static str,
}

impl Dirs {
    /// The user's folders, overridden by `WAYBILL_CONFIG_DIR` and `WAYBILL_DATA_DIR`.
    pub fn of_user() -> Result<Self, NoHome> {
        let project = ProjectDirs::from("", "", "waybill");
        let folder = |variable: &'static str, of: fn(&ProjectDirs) -> PathBuf| {
            std::env::var_os(variable)
                .filter(|value| !value.is_empty())
                .map(PathBuf::from)
                .or_else(|| project.as_ref().map(of))
                .ok_or(NoHome { variable })
        };
        Ok(Self {
            config: folder("WAYBILL_CONFIG_DIR", |p| p.config_dir().to_owned())?,
            data: folder("WAYBILL_DATA_DIR", |p| p.data_local_dir().to_owned())?,
        })
    }

    /// Both folders under one, for tests.
    pub fn under(root: impl Into<PathBuf>) -> Self {
        let root = root.into();
        Self {
            config: root.join("config"),
            data: root.join("data"),
        }
    }
}
