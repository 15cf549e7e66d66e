//! Where the role of a column stands in settings, for whoever maps columns by the names of roles.

/// Where a role stands in the settings.
#[derive(Debug, PartialEq, Eq)]
pub enum RolePlace<'a> {
    /// A column that must be there; `""` while nobody has said which.
    Needed(&'a mut String),
    /// A column, or none.
    Optional(&'a mut Option<String>),
    /// A word that is no column, or none.
    Word(&'a mut Option<String>),
    /// Values of the state column.
    States(&'a mut Vec<String>),
    /// Yes or no.
    Flag(&'a mut bool),
}

impl RolePlace<'_> {
    /// Takes a column, states as `a,b`, or `true`; `""` for nothing.
    pub fn set(self, value: &str) {
        match self {
            Self::Needed(place) => value.clone_into(place),
            Self::Optional(place) | Self::Word(place) => {
                *place = (!value.is_empty()).then(|| value.to_owned());
            }
            Self::States(place) => {
                let words = value.split(',').map(str::trim);
                let words = words.filter(|word| !word.is_empty());
                *place = words.map(str::to_owned).collect();
            }
            Self::Flag(place) => *place = value == "true",
        }
    }

    /// What stands there, as it can be set again; `""` for nothing.
    pub fn taken(self) -> String {
        match self {
            Self::Needed(column) => std::mem::take(column),
            Self::Optional(text) | Self::Word(text) => text.take().unwrap_or_default(),
            Self::States(states) => states.join(", "),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}
