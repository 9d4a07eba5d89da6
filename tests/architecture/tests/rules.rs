//! The rules of the tree. Each failure says which rule, where, and what to do.

use architecture::{Source, dependencies, root, sources};

fn all_rust() -> Vec<Source> {
    sources("crates", "rs")
        .into_iter()
        .chain(sources("services", "rs"))
        .collect()
}

fn none(rule: &str, offences: Vec<String>) {
    assert!(offences.is_empty(), "{rule}\n  {}", offences.join("\n  "));
}

/// Lines of product code that `wrong` complains about.
fn offences(files: &[Source], wrong: impl Fn(&str) -> bool) -> Vec<String> {
    files
        .iter()
        .flat_map(|file| {
            let lines = file
                .product_lines()
                .filter(|(_, line)| !line.trim_start().starts_with("//"));
            lines
                .filter(|(_, line)| wrong(line))
                .map(|(number, line)| format!("{}:{number} {}", file.path, line.trim()))
        })
        .collect()
}

fn tier(name: &str) -> u8 {
    match name {
        "domain" | "fault" | "metrics" => 0,
        "events" => 1,
        "rpc" => 2,
        "bus" | "store" => 3,
        "runtime" => 4,
        "testkit" => 5,
        _ => 6,
    }
}

#[test]
fn arrows_point_down() {
    let mut wrong = Vec::new();
    for (name, used) in dependencies() {
        for used in used {
            let service_used = used.ends_with("-service");
            let allowed = match name.as_str() {
                // What tests the whole may use the whole.
                "e2e" | "bench" | "simulation" | "contract" | "architecture" => true,
                "cli" => used != "e2e",
                _ if service_used || used == "testkit" || used == "cli" => false,
                // Within a tier: errors know words, the store publishes through the bus.
                "fault" => used == "domain",
                "metrics" => false,
                "store" => used == "bus" || tier(&used) < tier("store"),
                _ => tier(&used) < tier(&name),
            };
            if !allowed {
                wrong.push(format!("{name} uses {used}"));
            }
        }
    }
    none(
        "domain, fault < events < rpc < bus, store < runtime < services and cli; services never use each other:",
        wrong,
    );
}

#[test]
fn subjects_are_spelled_only_in_the_catalogue() {
    let files: Vec<Source> = all_rust()
        .into_iter()
        .filter(|file| !file.path.starts_with("crates/events/") && !file.is_test())
        .collect();
    none(
        "build subjects with crates/events:",
        offences(&files, |line| line.contains("homing.v1.")),
    );
}

#[test]
fn sql_has_one_room_per_service() {
    let files: Vec<Source> = all_rust()
        .into_iter()
        .filter(|file| !file.is_test())
        .filter(|file| {
            !["crates/store/", "crates/testkit/"]
                .iter()
                .any(|room| file.path.starts_with(room))
        })
        .filter(|file| !file.path.contains("/outbound/postgres"))
        .collect();
    none(
        "SQL belongs in outbound/postgres, crates/store and migrations:",
        offences(&files, |line| {
            line.contains("sqlx::query") || line.contains("query!(") || line.contains("query_as!(")
        }),
    );
}

/// The one file that puts a statement together while running, out of fixed fragments: filters ask for anything in any order.
const PUT_TOGETHER: &str = "services/contacts-service/src/outbound/postgres/segment.rs";

#[test]
fn queries_of_services_are_checked() {
    let unchecked = [
        "QueryBuilder",
        "AssertSqlSafe",
        "raw_sql",
        "sqlx::query(",
        "sqlx::query_as(",
        "sqlx::query_scalar(",
        "_unchecked!(",
    ];
    let files: Vec<Source> = sources("services", "rs")
        .into_iter()
        .filter(|file| !file.is_test())
        .collect();
    assert!(
        files.iter().any(|file| file.path == PUT_TOGETHER),
        "{PUT_TOGETHER} is gone"
    );
    let wrong = |file: &Source, line: &str| {
        let except = if file.path == PUT_TOGETHER { "QueryBuilder" } else { "" };
        unchecked.iter().any(|word| *word != except && line.contains(word))
    };
    let found = files
        .iter()
        .flat_map(|file| offences(std::slice::from_ref(file), |line| wrong(file, line)));
    none("use the macros that check a query against the schema:", found.collect());
}

#[test]
fn the_domain_is_pure() {
    let files: Vec<Source> = all_rust()
        .into_iter()
        .filter(|file| file.path.contains("/src/domain") || file.path.starts_with("crates/domain/src"))
        .filter(|file| !file.path.ends_with("crates/domain/src/ports.rs"))
        .collect();
    let impure = [
        "async ",
        ".await",
        "tokio::",
        "sqlx::",
        "tonic::",
        "reqwest::",
        "::now()",
        "now_v7",
        "std::env",
        "std::fs",
        "TcpStream",
        "UdpSocket",
    ];
    none(
        "domain code is facts in, state and effects out (no async, clock, chance or I/O):",
        offences(&files, |line| impure.iter().any(|word| line.contains(word))),
    );
}

#[test]
fn mains_are_tables_of_contents() {
    let wrong = sources("services", "rs")
        .into_iter()
        .filter(|file| file.path.ends_with("/src/main.rs") && file.text.lines().count() > 30)
        .map(|file| file.path)
        .collect();
    none("a main.rs has at most 30 lines:", wrong);
}

#[test]
fn files_stay_readable() {
    let wrong = all_rust()
        .into_iter()
        .chain(sources("tests", "rs"))
        .filter(|file| file.text.lines().count() > 700)
        .map(|file| format!("{} has {} lines", file.path, file.text.lines().count()))
        .collect();
    none(
        "a file over 500 lines is a question, over 700 it holds two ideas; split it:",
        wrong,
    );
}

#[test]
fn every_service_has_the_same_rooms_and_says_what_it_owns() {
    let mut wrong = Vec::new();
    for entry in std::fs::read_dir(root().join("services")).expect("services/").flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        for room in [
            "README.md",
            "migrations",
            "src/main.rs",
            "src/lib.rs",
            "src/config.rs",
            "src/wiring.rs",
            "src/domain",
            "src/inbound",
            "src/outbound/postgres",
            "tests",
        ] {
            // A room may be a single file where a folder would hold one.
            if !entry.path().join(room).exists() && !entry.path().join(format!("{room}.rs")).exists() {
                wrong.push(format!("services/{name}/{room} is missing"));
            }
        }
        let readme = std::fs::read_to_string(entry.path().join("README.md")).unwrap_or_default();
        for heading in ["Owns", "Never"] {
            if !readme.to_lowercase().contains(&heading.to_lowercase()) {
                wrong.push(format!("services/{name}/README.md does not say what it {heading}"));
            }
        }
    }
    none("every service has the same rooms:", wrong);
}

#[test]
fn time_and_chance_are_arguments() {
    let files: Vec<Source> = all_rust()
        .into_iter()
        .filter(|file| !file.is_test())
        .filter(|file| {
            !["crates/runtime/src/ports.rs", "crates/testkit/", "crates/cli/"]
                .iter()
                .any(|room| file.path.starts_with(room))
        })
        .collect();
    let ambient = [
        "Timestamp::now()",
        "SystemTime::now()",
        "Uuid::now_v7()",
        "Uuid::new_v4()",
        "rand::random",
        "Zoned::now()",
    ];
    none(
        "take domain::Clock and domain::Entropy as arguments:",
        offences(&files, |line| ambient.iter().any(|call| line.contains(call))),
    );
}

/// Where tests/README.md says which test shows what.
const COMPLAINTS: &str = "## What users of others complain about";

#[test]
fn what_is_said_to_be_shown_is_shown_by_a_test() {
    let readme = std::fs::read_to_string(root().join("tests/README.md")).expect("tests/README.md");
    let (_, section) = readme.split_once(COMPLAINTS).expect("the section of complaints");
    let section = section.split("\n## ").next().unwrap_or_default();
    let lines: Vec<&str> = section
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| complaint |") && !line.starts_with("| --- |"))
        .collect();
    assert!(lines.len() > 20, "the table of complaints is not found: {section}");
    let mut wrong = Vec::new();
    for line in lines {
        let quoted: Vec<&str> = line.split('`').skip(1).step_by(2).collect();
        let [path, name] = quoted[..] else {
            wrong.push(format!("{line}: name one file and one test"));
            continue;
        };
        let text = std::fs::read_to_string(root().join(path)).unwrap_or_default();
        // What stands right above a function says whether it is run.
        let is_run = |above: &str| {
            let mut lines = above.lines().rev().take(3).map(str::trim);
            lines.any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"))
        };
        let found = text.split_once(&format!("fn {name}("));
        if !found.is_some_and(|(above, _)| is_run(above)) {
            wrong.push(format!("{path} has no test {name}"));
        }
    }
    none("tests/README.md names tests that are there:", wrong);
}

/// Tables that hold nothing of any workspace: who serves the presence shards.
const EXEMPT: &[&str] = &["shard_lease"];

#[test]
fn tables_begin_with_their_workspace_and_are_protected() {
    let mut wrong = Vec::new();
    for file in sources("services", "sql") {
        let text = file.text.to_lowercase();
        for part in text.split("create table ").skip(1) {
            let part = part.strip_prefix("if not exists ").unwrap_or(part);
            let table: String = part
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            if EXEMPT.contains(&table.as_str()) {
                continue;
            }
            let first = part
                .split_once('(')
                .map(|(_, columns)| columns.split_whitespace().next().unwrap_or_default().to_owned());
            if first.as_deref() != Some("workspace_id") {
                wrong.push(format!("{}: {table} does not begin with workspace_id", file.path));
            }
            if !text.contains(&format!("homing_protect('{table}'")) {
                wrong.push(format!("{}: {table} is not protected", file.path));
            }
        }
    }
    none(
        "every table begins with workspace_id and is under row-level security:",
        wrong,
    );
}
