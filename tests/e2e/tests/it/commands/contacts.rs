//! Files of contacts and segments.

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use super::desk::{DONE, Desk, REFUSED, same};

const PEOPLE: &str = "\u{feff}name;phone;email;tags;data.size\r\n\
    Ann;600 700 123;ann@example.com;imported;38\r\n\
    =Bea;600700124;;imported;\r\n\
    Cid;12;;imported;\r\n";

pub async fn files(desk: &Desk) -> Result<()> {
    let folder = desk.folder.path();
    std::fs::write(folder.join("people.csv"), PEOPLE)?;
    let import = [
        "contact",
        "import",
        "-w",
        "acme",
        "people.csv",
        "--default-country",
        "PL",
    ];
    let left = desk.run(&[&import[..], &["-o", "json"]].concat(), "").await?;
    ensure!(left.code == Some(REFUSED), "a line is wrong, and it ends with {left:?}");
    let mut told: Value = serde_json::from_str(&left.said)?;
    let name = told["import"].take();
    ensure!(
        name.as_str().is_some_and(|name| name.len() == 64),
        "the file is called {name}"
    );
    let reason = "is not a possible phone number; write it with its country code, like +48 600 700 123";
    let expected = json!({
        "import": null, "lines": 3, "created": 2, "filled": 0, "unchanged": 0, "refused": 1, "conflicts": 0,
        "problems": [{ "line": 4, "column": "phone", "reason": reason, "taken": false }],
    });
    same("the import", &told, &expected)?;
    // Again there is nothing to do.
    let left = desk.run(&import, "").await?;
    ensure!(
        left.code == Some(DONE) && left.complained.contains("after 3 lines"),
        "again: {left:?}"
    );
    // What was wrong is told again: the answer may have been lost.
    let lines: Vec<&str> = left.said.lines().collect();
    ensure!(
        lines.len() == 2
            && lines[0] == format!("line 4, phone: {reason}")
            && lines[1].starts_with("3 lines: 2 made a contact"),
        "again: {left:?}"
    );
    std::fs::write(folder.join("quote.csv"), "phone,name\r600700126,\"Dot\r600700127,Eve\r")?;
    let quote = [
        "contact",
        "import",
        "-w",
        "acme",
        "quote.csv",
        "--default-country",
        "PL",
    ];
    desk.fails(&quote, REFUSED, "line 2: has a quote that has no end")
        .await?;

    std::fs::write(folder.join("latin.csv"), b"name,phone\nJos\xe9,600700125\n")?;
    let latin = [
        "contact",
        "import",
        "-w",
        "acme",
        "latin.csv",
        "--default-country",
        "PL",
    ];
    desk.fails(&latin, REFUSED, "line 2: byte 4 of the line").await?;
    std::fs::write(folder.join("head.csv"), "who,phone\nAnn,600700125\n")?;
    desk.fails(
        &["contact", "import", "-w", "acme", "head.csv"],
        REFUSED,
        "column 1 of the head",
    )
    .await
}

pub async fn segments(desk: &Desk) -> Result<()> {
    let count = ["contact", "segment", "count", "-w", "acme"];
    let of = |filter: &'static str| [&count[..], &[filter]].concat();
    let said = desk.says(&of("tag = imported and not data.size exists")).await?;
    ensure!(said == "1\n", "it prints {said}");
    same(
        "the count",
        &desk.json(&of("tag = imported")).await?,
        &json!({ "contacts": 2 }),
    )?;
    let outreach = [&of("tag = imported")[..], &["--purpose", "outreach"]].concat();
    same(
        "the count for outreach",
        &desk.json(&outreach).await?,
        &json!({ "contacts": 0 }),
    )?;
    desk.fails(&of("tag = imported and colour = red"), REFUSED, "at character 20")
        .await?;
    let hidden = [&of("data.size = 38")[..], &["--purpose", "outreach"]].concat();
    desk.fails(&hidden, REFUSED, "serves support alone").await?;

    let list = ["contact", "segment", "list", "-w", "acme", "data.size = 38"];
    same("the name", &desk.json(&list).await?[0]["name"], &json!("Ann"))?;
    let export = [
        "contact",
        "segment",
        "export",
        "-w",
        "acme",
        "tag = imported",
        "--data",
        "size",
    ];
    let said = desk.says(&export).await?;
    let lines: Vec<&str> = said.lines().collect();
    ensure!(lines.len() == 3, "it prints {said}");
    let head = "contact,name,phone,email,other_addresses,created_at,stage,source,time_zone,tags,data.size";
    ensure!(lines[0] == head, "the head is {}", lines[0]);
    let bea = lines.iter().find(|line| line.contains("'=Bea")).context("no Bea")?;
    ensure!(
        bea.contains(",+48600700124,,,") && bea.ends_with(",lead,,,imported,"),
        "Bea is {bea}"
    );

    // What was exported says what is known.
    std::fs::write(desk.folder.path().join("back.csv"), &said)?;
    let back = desk.json(&["contact", "import", "-w", "acme", "back.csv"]).await?;
    let counts = ["lines", "created", "filled", "unchanged", "refused", "conflicts"].map(|count| back[count].clone());
    same("the export read back", &json!(counts), &json!([2, 0, 0, 2, 0, 0]))
}

/// Who sees what of them, and how long they are kept.
pub async fn rules(desk: &Desk) -> Result<()> {
    let set = [
        "role",
        "set",
        "-w",
        "acme",
        "books",
        "--field",
        "purchases=see",
        "--field",
        "name=see",
    ];
    let set = desk.json(&set).await?;
    let books = set["roles"]
        .as_array()
        .and_then(|roles| roles.iter().find(|role| role["role"] == "books"));
    let fields = &books.context("no role")?["fields"];
    same(
        "its fields",
        &json!([fields["purchases"], fields["phones"]]),
        &json!(["see", "hidden"]),
    )?;
    let assigned = desk
        .json(&["role", "assign", "-w", "acme", "helpdesk", "books"])
        .await?;
    same("who has it", &assigned["integrations"], &json!({"helpdesk": "books"}))?;
    desk.fails(&["role", "remove", "-w", "acme", "books"], REFUSED, "helpdesk")
        .await?;
    desk.says(&["role", "assign", "-w", "acme", "helpdesk"]).await?;
    desk.says(&["role", "remove", "-w", "acme", "books"]).await?;
    let said = desk.says(&["role", "changes", "-w", "acme"]).await?;
    ensure!(said.contains("books.purchases: hidden > see"), "it prints {said}");

    let set = [
        "retention",
        "set",
        "-w",
        "acme",
        "--contacts",
        "730",
        "--conversations",
        "365",
    ];
    let set = desk.json(&set).await?;
    let days = json!([set["contacts"]["days"], set["conversations"]["days"]]);
    same("the periods", &days, &json!([730, 365]))?;
    let said = desk.says(&["retention", "show", "-w", "acme"]).await?;
    ensure!(said.contains("730 days"), "it prints {said}");
    desk.says(&[
        "retention",
        "set",
        "-w",
        "acme",
        "--contacts",
        "0",
        "--conversations",
        "0",
    ])
    .await
    .map(drop)
}

/// One of them is handed what is kept, and erased.
pub async fn privacy(desk: &Desk) -> Result<()> {
    let show = ["contact", "show", "-w", "acme", "--phone", "+48600700124"];
    let bea = desk.json(&show).await?["contact"].clone();
    let bea = bea.as_str().context("no Bea")?;
    desk.says(&["contact", "export", "-w", "acme", bea, "--file", "bea.json"])
        .await?;
    let told: Value = serde_json::from_str(&std::fs::read_to_string(desk.folder.path().join("bea.json"))?)?;
    let entries = told["entries"].as_array().context("no entries")?;
    let names: Vec<&Value> = entries.iter().map(|entry| &entry["data"]["name"]).collect();
    ensure!(names.contains(&&json!("=Bea")), "it holds {told}");
    let again = ["contact", "export", "-w", "acme", bea, "--file", "bea.json"];
    ensure!(
        desk.run(&again, "").await?.code != Some(DONE),
        "a file that is there is not written over"
    );

    let reason = ["--request", "e-1", "--reason", "requested"];
    let erase = [&["contact", "erase", "-w", "acme", bea][..], &reason].concat();
    let begun = desk.json(&erase).await?;
    same("the contact", &begun["contact"], &json!(bea))?;
    same(
        "what asks again",
        &desk.json(&erase).await?["erasure"],
        &begun["erasure"],
    )?;
    desk.fails(&show, REFUSED, "contact").await?;
    let listed = desk.json(&["contact", "erasures", "-w", "acme"]).await?;
    same("the list", &listed[0]["erasure"], &begun["erasure"])?;
    let erasure = begun["erasure"].as_str().context("no erasure")?;
    let said = desk.says(&["contact", "erasure", "-w", "acme", erasure]).await?;
    ensure!(said.contains("dead_letters"), "it prints {said}");
    let unknown = [
        &["contact", "erase", "-w", "acme", bea][..],
        &["--request", "e-2", "--reason", "unlawful"],
    ]
    .concat();
    desk.fails(&unknown, REFUSED, "is erased already").await
}
