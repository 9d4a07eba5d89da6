//! Files of contacts: what is wrong is told by line, the rest is taken, once.

use crate::harness::{Harness, Tested, given, refusal, values};
use contacts_service::domain::import::Pieces;
use rpc::contacts::{
    AddressKind, Contact, GetImportRequest, Import, ImportContactsRequest, ImportContactsResponse,
    ListImportProblemsRequest, Purpose, Stage,
};

const HEAD: &str = "phone,email,name,stage,tags,data.size\n";

fn piece(csv: &str) -> ImportContactsRequest {
    ImportContactsRequest {
        workspace: "acme".into(),
        import: "file-1".into(),
        csv: csv.into(),
        default_country: "PL".into(),
        channel: "fair".into(),
        by: "ana".into(),
        ..Default::default()
    }
}

async fn import(contacts: &Harness, request: ImportContactsRequest) -> Result<ImportContactsResponse, tonic::Status> {
    Ok(contacts.imports.clone().import_contacts(request).await?.into_inner())
}

async fn far(contacts: &Harness, workspace: &str, import: &str) -> Result<Import, tonic::Status> {
    let request = GetImportRequest {
        workspace: workspace.into(),
        import: import.into(),
    };
    let answer = contacts.imports.clone().get_import(request).await?.into_inner();
    Ok(answer.import.expect("every answer has an import"))
}

/// Lines, created, filled, unchanged, refused, conflicts.
fn counts(import: &Import) -> [u64; 6] {
    [
        import.lines,
        import.created,
        import.filled,
        import.unchanged,
        import.refused,
        import.conflicts,
    ]
}

async fn by_phone(contacts: &Harness, phone: &str) -> Result<Contact, tonic::Status> {
    contacts
        .look_up("acme", AddressKind::Phone, phone, Purpose::Support)
        .await
}

#[tokio::test]
async fn lines_fill_gaps_and_make_contacts_and_the_others_are_told_of() -> Tested {
    let contacts = Harness::start().await?;
    let known = contacts.capture(given("Ann", "600700123", "")).await?;
    contacts.capture(given("Eve", "", "eve@example.com")).await?;
    let csv = format!(
        "{HEAD}600700123,ann@example.com,Anna,customer,vip,38\n\
        600700124,,Bea,,new;vip,\n\
        12,,,,,\n\
        600700124,bea@example.com,,,,40\n\
        600700124,,,,,41\n\
        600700123,eve@example.com,,,,\n"
    );
    let answer = import(&contacts, piece(&csv)).await?;
    let done = answer.import.clone().expect("an import");
    assert_eq!(counts(&done), [6, 1, 2, 2, 1, 2]);
    let told: Vec<_> = answer
        .problems
        .iter()
        .map(|problem| (problem.line, problem.column.as_str(), problem.taken))
        .collect();
    assert_eq!(told, [(4, "phone", false), (6, "data.size", true)]);

    let ann = contacts.contact(&known.contact).await?;
    let profile = ann.profile.clone().expect("support sees it");
    assert_eq!(
        (ann.name.as_str(), ann.version, profile.stage()),
        ("Ann", 2, Stage::Customer)
    );
    assert_eq!(values(&ann.addresses), ["+48600700123", "ann@example.com"]);
    assert_eq!(
        (profile.data[0].value.as_str(), profile.data[0].by.as_str()),
        ("38", "ana")
    );
    let bea = by_phone(&contacts, "600700124").await?;
    let profile = bea.profile.clone().expect("support sees it");
    assert_eq!(
        (bea.name.as_str(), bea.version, profile.source.as_str()),
        ("Bea", 1, "fair")
    );
    assert_eq!(
        (profile.tags, profile.data[0].value.as_str()),
        (vec!["new".to_owned(), "vip".to_owned()], "40")
    );
    assert_eq!(contacts.count("SELECT count(*) FROM contact_tag").await?, 3);
    assert_eq!(
        contacts
            .count("SELECT count(*) FROM contact_change WHERE by = 'ana' AND fields = '{stage,tag,data.size}'")
            .await?,
        1
    );
    // Another name, and the addresses of two contacts: for a person to settle.
    assert_eq!(contacts.count("SELECT count(*) FROM contact_conflict").await?, 2);

    // A zone that is missing is filled in, too.
    let zoned = ImportContactsRequest {
        import: "file-2".into(),
        ..piece("phone,time_zone\n600700123,europe/warsaw\n600700125,America/Lima\n")
    };
    import(&contacts, zoned).await?;
    for (phone, zone) in [("600700123", "Europe/Warsaw"), ("600700125", "America/Lima")] {
        let profile = by_phone(&contacts, phone).await?.profile.expect("support sees it");
        assert_eq!(profile.time_zone, zone);
    }

    // Nothing of it may be used for anything but the person's own requests.
    assert_eq!(contacts.count("SELECT count(*) FROM consent").await?, 0);
    let denied = ("purpose".to_owned(), "access.purpose");
    assert_eq!(
        refusal(contacts.get("acme", &bea.contact, Purpose::Outreach).await),
        denied
    );
    Ok(())
}

#[tokio::test]
async fn a_file_goes_on_where_it_was_and_is_not_taken_twice() -> Tested {
    let contacts = Harness::start().await?;
    let line = |number: usize| format!("6007{number:05},,N{number},,,\n");
    let file = format!("{HEAD}{}", (0..2_300).map(line).collect::<String>());
    let pieces: Vec<ImportContactsRequest> = Pieces::after(&file, 0)
        .map(|cut| ImportContactsRequest {
            done: cut.done,
            first_line: cut.first_line,
            ..piece(&cut.csv)
        })
        .collect();
    assert_eq!(pieces.len(), 3);
    assert_eq!(
        refusal(far(&contacts, "acme", "file-1").await),
        ("import".to_owned(), "request.not_found")
    );
    import(&contacts, pieces[0].clone()).await?;
    // What is missing between is not passed over.
    assert_eq!(
        refusal(import(&contacts, pieces[2].clone()).await),
        ("done".to_owned(), "request.conflict")
    );
    import(&contacts, pieces[1].clone()).await?;
    assert_eq!(
        counts(&far(&contacts, "acme", "file-1").await?),
        [2_000, 2_000, 0, 0, 0, 0]
    );
    // Again, and from the middle of what was taken.
    for request in [
        pieces[0].clone(),
        ImportContactsRequest {
            done: 1_500,
            csv: format!("{HEAD}{}", (1_500..2_300).map(line).collect::<String>()).into(),
            ..pieces[0].clone()
        },
        pieces[2].clone(),
    ] {
        import(&contacts, request).await?;
    }
    assert_eq!(
        counts(&far(&contacts, "acme", "file-1").await?),
        [2_300, 2_300, 0, 0, 0, 0]
    );
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 2_300);

    // The same lines under another name say what is known.
    let other = ImportContactsRequest {
        import: "file-2".into(),
        ..pieces[1].clone()
    };
    let other = ImportContactsRequest { done: 0, ..other };
    let answer = import(&contacts, other).await?;
    assert_eq!(counts(&answer.import.expect("an import")), [1_000, 0, 0, 1_000, 0, 0]);
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 2_300);
    Ok(())
}

#[tokio::test]
async fn two_who_import_and_capture_the_same_people_end_in_one_contact_each() -> Tested {
    let contacts = Harness::start().await?;
    let file = |shift: usize| {
        let line = |number: usize| format!("6007{:05},p{number}@example.com,,,,\n", (number + shift) % 200);
        format!("{HEAD}{}", (0..200).map(line).collect::<String>())
    };
    let named = |name: &str, csv: String| ImportContactsRequest {
        import: name.into(),
        ..piece(&csv)
    };
    let captures = async {
        for number in 0..50 {
            contacts
                .capture(given(
                    "",
                    &format!("6007{number:05}"),
                    &format!("p{number}@example.com"),
                ))
                .await?;
        }
        Ok::<(), tonic::Status>(())
    };
    let (one, other, captured) = futures::join!(
        import(&contacts, named("one", file(0))),
        import(&contacts, named("other", file(0))),
        captures,
    );
    one?;
    other?;
    captured?;
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 200);
    assert_eq!(contacts.count("SELECT count(*) FROM address").await?, 400);
    Ok(())
}

#[tokio::test]
async fn a_file_is_of_one_workspace() -> Tested {
    let contacts = Harness::start().await?;
    let csv = format!("{HEAD}600700123,ann@example.com,Ann,,vip,\n");
    import(&contacts, piece(&csv)).await?;
    assert_eq!(refusal(far(&contacts, "globex", "file-1").await).1, "request.not_found");
    let elsewhere = ImportContactsRequest {
        workspace: "globex".into(),
        ..piece(&csv)
    };
    let answer = import(&contacts, elsewhere).await?;
    assert_eq!(counts(&answer.import.expect("an import")), [1, 1, 0, 0, 0, 0]);
    let theirs = contacts
        .look_up("globex", AddressKind::Phone, "600700123", Purpose::Support)
        .await?;
    assert_ne!(theirs.contact, by_phone(&contacts, "600700123").await?.contact);
    Ok(())
}

#[tokio::test]
async fn what_no_line_can_be_read_with_is_refused_by_field_and_nothing_is_taken() -> Tested {
    let contacts = Harness::start().await?;
    let bytes = |csv: &[u8]| ImportContactsRequest {
        csv: csv.to_vec(),
        ..piece("")
    };
    let good = || piece("phone\n600700123\n");
    for (request, field, code) in [
        (
            ImportContactsRequest {
                workspace: "A B".into(),
                ..good()
            },
            "workspace",
            "request.invalid",
        ),
        (
            ImportContactsRequest {
                import: " ".into(),
                ..good()
            },
            "import",
            "request.invalid",
        ),
        (
            ImportContactsRequest {
                by: String::new(),
                ..good()
            },
            "by",
            "request.invalid",
        ),
        (
            ImportContactsRequest {
                channel: "A B".into(),
                ..good()
            },
            "channel",
            "request.invalid",
        ),
        (
            ImportContactsRequest {
                default_country: "poland".into(),
                ..good()
            },
            "default_country",
            "request.invalid",
        ),
        (ImportContactsRequest { done: 1, ..good() }, "done", "request.conflict"),
        (
            ImportContactsRequest {
                csv: vec![b'x'; 4 * 1024 * 1024 + 1],
                ..good()
            },
            "csv",
            "limit.size",
        ),
        (piece("name\nAnn\n"), "csv", "request.invalid"),
        (bytes(b"\xff\xfep\0h\0o\0n\0e\0"), "csv", "request.invalid"),
        (bytes(b"phone,name\n600700123,Jos\xe9\n"), "csv", "request.invalid"),
    ] {
        let answer = import(&contacts, request).await;
        assert_eq!(refusal(answer), (field.to_owned(), code), "{field}");
    }
    let status = import(&contacts, bytes(b"phone,name\n600700123,Jos\xe9\n"))
        .await
        .expect_err("refused");
    let fault = rpc::from_status(&status);
    assert!(
        fault.public().contains("line 2: byte 14 of the line"),
        "{}",
        fault.public()
    );
    assert_eq!(contacts.count("SELECT count(*) FROM contact_import").await?, 0);
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 0);
    Ok(())
}

#[tokio::test]
async fn what_was_wrong_can_be_read_when_the_answer_was_lost() -> Tested {
    let contacts = Harness::start().await?;
    let list = async |contacts: &Harness, page_size: u32, page_token: &str| {
        let request = ListImportProblemsRequest {
            workspace: "acme".into(),
            import: "file-1".into(),
            page_size,
            page_token: page_token.into(),
        };
        let answer = contacts.imports.clone().list_import_problems(request).await?;
        Ok::<_, tonic::Status>(answer.into_inner())
    };
    assert_eq!(
        refusal(list(&contacts, 0, "").await),
        ("import".to_owned(), "request.not_found")
    );
    let first = import(
        &contacts,
        piece("phone,stage\n1,lead\n600700123,gone\n600700124,lead\n"),
    )
    .await?;
    let second = ImportContactsRequest {
        done: 3,
        first_line: 5,
        ..piece("phone,stage\nx,lead\n")
    };
    let second = import(&contacts, second).await?;
    // The process that told of them is gone, and a piece that comes again brings none twice.
    let contacts = contacts.start_again().await?;
    import(
        &contacts,
        piece("phone,stage\n1,lead\n600700123,gone\n600700124,lead\n"),
    )
    .await?;
    let told = [first.problems, second.problems].concat();
    assert_eq!(told.len(), 3);
    let page = list(&contacts, 2, "").await?;
    assert_eq!(page.problems, told[..2]);
    let rest = list(&contacts, 2, &page.next_page_token).await?;
    assert_eq!((rest.problems, rest.next_page_token.as_str()), (told[2..].to_vec(), ""));
    assert_eq!(
        refusal(list(&contacts, 1_001, "").await),
        ("page_size".to_owned(), "request.invalid")
    );
    contacts.stop().await;
    Ok(())
}

#[tokio::test]
async fn a_quote_without_an_end_takes_nothing_with_it() -> Tested {
    let contacts = Harness::start().await?;
    let broken = import(
        &contacts,
        piece("phone,name\r600700123,Ann\r600700124,\"Bea\r600700125,Cat\r"),
    )
    .await;
    let fault = rpc::from_status(&broken.expect_err("refused"));
    assert!(
        fault.public().starts_with("line 3: has a quote that has no end"),
        "{fault}"
    );
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 0);
    let whole = import(
        &contacts,
        piece("phone,name\r600700123,Ann\r600700124,Bea\r600700125,Cat\r"),
    )
    .await?;
    assert_eq!(whole.import.map(|import| import.created), Some(3));
    contacts.stop().await;
    Ok(())
}
