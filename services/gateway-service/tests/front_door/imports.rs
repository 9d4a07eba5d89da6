//! Files of contacts through the public API.

use crate::gateway::{World, call};
use crate::peers::TOKEN;
use anyhow::Result;
use reqwest::Method;
use serde_json::{Value, json};

async fn send(world: &World, path: &str, kind: &str, csv: &str) -> Result<(u16, Value)> {
    let request = world.http.post(world.url(path)).bearer_auth(TOKEN);
    let request = request.header("content-type", kind).body(csv.to_owned());
    let answer = request.send().await?;
    Ok((answer.status().as_u16(), answer.json().await?))
}

#[tokio::test]
async fn a_piece_of_a_file_is_handed_over_and_what_is_wrong_is_told_by_line() -> Result<()> {
    let world = World::start().await?;
    let path = "/v1/contact-imports/file-1?done=4&first_line=7&default_country=PL&channel=web";
    let (status, told) = send(&world, path, "text/csv; charset=utf-8", "phone\n600700123\nx\n").await?;
    assert_eq!(status, 200, "{told}");
    let problem = json!({"line": 3, "column": "phone", "reason": "is not a phone number", "taken": false});
    assert_eq!(
        told,
        json!({"import": "file-1", "lines": 6, "created": 1, "filled": 0, "unchanged": 0, "refused": 1, "conflicts": 0,
            "problems": [problem]})
    );
    let asked = world.peers.memory().imports[0].clone();
    assert_eq!(
        (asked.import.as_str(), asked.done, asked.first_line, asked.by.as_str()),
        ("file-1", 4, 7, "helpdesk")
    );
    assert_eq!(
        (
            asked.workspace.as_str(),
            asked.default_country.as_str(),
            asked.channel.as_str()
        ),
        ("acme", "PL", "web")
    );
    assert_eq!(asked.csv, b"phone\n600700123\nx\n");

    let (status, far) = call(&world, Method::GET, "/v1/contact-imports/file-1", None).await?;
    assert_eq!((status, &far["lines"], &far["problems"]), (200, &json!(2), &json!([])));
    let problems = "/v1/contact-imports/file-1/problems?page_size=1";
    let (_, page) = call(&world, Method::GET, problems, None).await?;
    let problem = json!({"line": 3, "column": "phone", "reason": "is too short", "taken": false});
    assert_eq!(page, json!({"problems": [problem], "next_page_token": "1"}));
    let (status, none) = call(&world, Method::GET, "/v1/contact-imports/file-2", None).await?;
    assert_eq!((status, &none["field"]), (404, &json!("import")));
    for (path, kind, field) in [
        ("/v1/contact-imports/file-1", "application/json", "content-type"),
        ("/v1/contact-imports/file-1?done=-1", "text/csv", "done"),
        ("/v1/contact-imports/file-1?lines=1", "text/csv", "lines"),
    ] {
        let (status, problem) = send(&world, path, kind, "phone\n1\n").await?;
        assert_eq!((status, &problem["field"]), (400, &json!(field)), "{problem}");
    }
    Ok(())
}
