//! Which package may depend on which: the direction of the whole design.

use serde_json::Value;

use super::finding::Finding;

/// What one of our packages may depend on.
struct Permission {
    package: &'static str,
    /// Other packages of the workspace.
    ours: Ours,
}

enum Ours {
    Only(&'static [&'static str]),
    /// Composition roots and tests: everything but these.
    AllBut(&'static [&'static str]),
}

/// The table. `waybill-` is left out in front of each name.
const PERMISSIONS: &[Permission] = &[
    only("model", &[]),
    only("timeline", &["model"]),
    only("filter", &["model"]),
    only("layouts", &["model"]),
    only("reconcile", &["model"]),
    only("protocol", &["model", "timeline", "filter", "reconcile"]),
    only("source", &["model", "timeline"]),
    only("source-sql", &["model", "source"]),
    only("source-amqp", &["model", "source"]),
    only("source-kafka", &["model", "source"]),
    only(
        "engine",
        &[
            "model",
            "timeline",
            "filter",
            "layouts",
            "reconcile",
            "protocol",
            "source",
        ],
    ),
    only("world", &["model", "source"]),
    only("page", &["model", "timeline", "filter", "protocol"]),
    only("services", &[]),
    only("xtask", &["services"]),
    only("xtask-page", &[]),
    all_but(
        "compose",
        &["cli", "page", "window", "tests", "xtask", "services"],
    ),
    all_but("cli", &["page", "window", "tests", "xtask", "services"]),
    all_but("window", &["page", "tests", "xtask", "services"]),
    all_but("bench", &["page", "window", "xtask"]),
    all_but("truth", &["page", "window", "xtask"]),
    all_but("wild", &["page", "window", "xtask"]),
    all_but("tests", &["page", "xtask"]),
];

/// Libraries that only some of our packages may know.
struct Reserved {
    /// The start of the library's name.
    library: &'static str,
    /// Names that start so and are meant for everyone.
    except: &'static [&'static str],
    packages: &'static [&'static str],
    reason: &'static str,
}

const RESERVED: &[Reserved] = &[
    Reserved {
        library: "tauri",
        except: &[],
        packages: &["window"],
        reason: "the window system stays at the edge",
    },
    Reserved {
        library: "egui",
        except: &[],
        packages: &["page"],
        reason: ONLY_THE_PAGE,
    },
    Reserved {
        library: "eframe",
        except: &[],
        packages: &["page"],
        reason: ONLY_THE_PAGE,
    },
    Reserved {
        library: "leptos",
        except: &[],
        packages: &["page"],
        reason: ONLY_THE_PAGE,
    },
    Reserved {
        library: "web-sys",
        except: &[],
        packages: &["page"],
        reason: ONLY_THE_PAGE,
    },
    Reserved {
        library: "js-sys",
        except: &[],
        packages: &["page"],
        reason: ONLY_THE_PAGE,
    },
    Reserved {
        library: "wasm-bindgen",
        except: &["wasm-bindgen-cli-support"],
        packages: &["page"],
        reason: ONLY_THE_PAGE,
    },
    Reserved {
        library: "sqlx",
        except: &[],
        // The engine keeps its journal in SQLite.
        packages: &["source-sql", "engine", "world", "tests", "bench", "wild"],
        reason: BEHIND_THE_SEAM,
    },
    Reserved {
        library: "lapin",
        except: &[],
        packages: &["source-amqp", "world", "tests", "bench"],
        reason: BEHIND_THE_SEAM,
    },
    Reserved {
        library: "rdkafka",
        except: &[],
        packages: &["source-kafka", "world", "tests", "bench", "wild"],
        reason: BEHIND_THE_SEAM,
    },
];

const ONLY_THE_PAGE: &str = "only the page runs in a browser";
const BEHIND_THE_SEAM: &str = "servers are reached through the seam in crates/source";

/// Packages that know no runtime: they compute, or they run in a browser.
const WITHOUT_TOKIO: &[&str] = &[
    "model",
    "timeline",
    "filter",
    "layouts",
    "reconcile",
    "protocol",
    "page",
];

const fn only(package: &'static str, ours: &'static [&'static str]) -> Permission {
    Permission {
        package,
        ours: Ours::Only(ours),
    }
}

const fn all_but(package: &'static str, ours: &'static [&'static str]) -> Permission {
    Permission {
        package,
        ours: Ours::AllBut(ours),
    }
}

/// Looks at the output of `cargo metadata --no-deps`.
pub(super) fn check(metadata: &Value) -> Vec<Finding> {
    let packages = metadata["packages"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    packages.iter().flat_map(check_package).collect()
}

fn check_package(package: &Value) -> Vec<Finding> {
    let name = package["name"].as_str().unwrap_or_default();
    let place = format!("the manifest of {name}");
    let Some(permission) = short(name).and_then(permission_of) else {
        return vec![Finding::new(
            place,
            "every package has its place in the dependency direction",
            "add it to the table in crates/xtask/src/tidy/dependencies.rs, called waybill-<folder>",
        )];
    };
    let dependencies = package["dependencies"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut findings = Vec::new();
    for dependency in dependencies {
        let library = dependency["name"].as_str().unwrap_or_default();
        // Tests may use more of ours, for there is no way from a test into the product.
        let for_tests = dependency["kind"] == "dev";
        if let Some(ours) = short(library) {
            if !for_tests && !permission.ours.allow(ours) {
                findings.push(Finding::new(
                    &place,
                    format!("it may not depend on {library}"),
                    "turn the dependency round, or move the code to where it may be known",
                ));
            }
        } else if let Some(reason) = forbidden(permission.package, library) {
            findings.push(Finding::new(
                &place,
                format!("it may not depend on {library}"),
                format!("{reason}; move the code there"),
            ));
        }
    }
    findings
}

impl Ours {
    fn allow(&self, package: &str) -> bool {
        match self {
            Self::Only(allowed) => allowed.contains(&package),
            Self::AllBut(forbidden) => !forbidden.contains(&package),
        }
    }
}

/// Why a package may not use a library; `None` when it may.
fn forbidden(package: &str, library: &str) -> Option<&'static str> {
    if WITHOUT_TOKIO.contains(&package) && library.starts_with("tokio") {
        return Some("this package runs without a runtime; tasks belong to crates/engine");
    }
    RESERVED
        .iter()
        .find(|reserved| {
            library.starts_with(reserved.library)
                && !reserved.except.contains(&library)
                && !reserved.packages.contains(&package)
        })
        .map(|reserved| reserved.reason)
}

fn permission_of(package: &str) -> Option<&'static Permission> {
    PERMISSIONS
        .iter()
        .find(|permission| permission.package == package)
}

/// A package of ours without the prefix that all of them have.
fn short(name: &str) -> Option<&str> {
    name.strip_prefix("waybill-")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// One package with dependencies of the form `(name, kind)`.
    fn check_one(package: &str, dependencies: &[(&str, Option<&str>)], expected: &[&str]) {
        let dependencies: Vec<Value> = dependencies
            .iter()
            .map(|(name, kind)| json!({ "name": name, "kind": kind }))
            .collect();
        let metadata = json!({ "packages": [{ "name": package, "dependencies": dependencies }] });
        let rules: Vec<String> = check(&metadata)
            .into_iter()
            .map(|finding| finding.rule)
            .collect();
        assert_eq!(rules, expected, "{package}");
    }

    #[test]
    fn the_direction_is_kept() {
        check_one(
            "waybill-engine",
            &[("waybill-source", None), ("tokio", None)],
            &[],
        );
        check_one(
            "waybill-engine",
            &[("waybill-source-sql", None)],
            &["it may not depend on waybill-source-sql"],
        );
        check_one(
            "waybill-model",
            &[("waybill-timeline", Some("build"))],
            &["it may not depend on waybill-timeline"],
        );
        check_one(
            "waybill-window",
            &[("waybill-world", None), ("tauri", None)],
            &[],
        );
        check_one(
            "waybill-window",
            &[("waybill-page", None)],
            &["it may not depend on waybill-page"],
        );
        check_one(
            "waybill-tests",
            &[("waybill-engine", None), ("sqlx", None)],
            &[],
        );
    }

    #[test]
    fn tests_may_use_more_of_ours() {
        check_one(
            "waybill-source-sql",
            &[("waybill-services", Some("dev"))],
            &[],
        );
        check_one(
            "waybill-source-sql",
            &[("waybill-services", None)],
            &["it may not depend on waybill-services"],
        );
    }

    #[test]
    fn libraries_stay_where_they_belong() {
        check_one(
            "waybill-cli",
            &[("tauri-build", Some("build"))],
            &["it may not depend on tauri-build"],
        );
        check_one(
            "waybill-timeline",
            &[("tokio-util", Some("dev"))],
            &["it may not depend on tokio-util"],
        );
        check_one(
            "waybill-source-amqp",
            &[("lapin", None), ("rdkafka", None)],
            &["it may not depend on rdkafka"],
        );
        check_one(
            "waybill-xtask-page",
            &[("wasm-bindgen-cli-support", None)],
            &[],
        );
        check_one(
            "waybill-model",
            &[("wasm-bindgen", None)],
            &["it may not depend on wasm-bindgen"],
        );
    }

    #[test]
    fn a_new_package_needs_a_place() {
        let rule = "every package has its place in the dependency direction";
        check_one("waybill-nats", &[], &[rule]);
        check_one("engine", &[], &[rule]);
    }
}
