//! Identity tokens: who is proved to be one person becomes one contact by itself, and nobody else does.

use crate::harness::{Harness, Tested, given, refusal, values};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::Clock;
use rpc::contacts::{
    AddIdentityKeyRequest, AddressKind, Contact, IdentifyContactRequest, ListConflictsRequest, ListIdentityKeysRequest,
    Purpose, RemoveIdentityKeyRequest, UndoMergeRequest,
};
use serde_json::{Value, json};
use std::time::Duration;

/// Who signs for a workspace.
pub struct Site(Ed25519KeyPair, &'static str);

impl Site {
    pub fn new(seed: u8, kid: &'static str) -> Self {
        Self(Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("a key"), kid)
    }

    fn jwk(&self) -> String {
        let x = URL_SAFE_NO_PAD.encode(self.0.public_key());
        json!({"kty": "OKP", "crv": "Ed25519", "kid": self.1, "x": x}).to_string()
    }

    /// A token of now for ten minutes, for `acme`.
    pub fn token(&self, contacts: &Harness, more: Value) -> String {
        let now = contacts.clock.now().as_second();
        let mut claims = json!({"aud": "acme", "iat": now, "exp": now + 600});
        for (claim, value) in more.as_object().expect("claims") {
            claims[claim] = value.clone();
        }
        let head = URL_SAFE_NO_PAD.encode(json!({"alg": "EdDSA", "kid": self.1}).to_string());
        let signed = format!("{head}.{}", URL_SAFE_NO_PAD.encode(claims.to_string()));
        let signature = URL_SAFE_NO_PAD.encode(self.0.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

pub async fn add(contacts: &Harness, workspace: &str, site: &Site) -> Result<(), tonic::Status> {
    let request = AddIdentityKeyRequest {
        workspace: workspace.into(),
        jwk: site.jwk(),
        by: "ana".into(),
    };
    contacts.identity.clone().add_identity_key(request).await.map(drop)
}

async fn identify(contacts: &Harness, token: &str, contact: &str) -> Result<Contact, tonic::Status> {
    let request = IdentifyContactRequest {
        workspace: "acme".into(),
        token: token.into(),
        contact: contact.into(),
    };
    let answer = contacts.identity.clone().identify_contact(request).await?.into_inner();
    Ok(answer.contact.expect("every answer has a contact"))
}

/// How many conflicts wait for a person.
async fn conflicts(contacts: &Harness) -> anyhow::Result<usize> {
    let request = ListConflictsRequest {
        workspace: "acme".into(),
        ..Default::default()
    };
    let answer = contacts.identity.clone().list_conflicts(request).await?.into_inner();
    Ok(answer.conflicts.len())
}

fn verified(contact: &Contact) -> Vec<&str> {
    let proved = contact.addresses.iter().filter(|address| address.verified);
    proved.map(|address| address.value.as_str()).collect()
}

#[tokio::test]
async fn what_a_token_proves_makes_one_contact_and_a_person_can_part_it() -> Tested {
    let contacts = Harness::start().await?;
    let site = Site::new(1, "k1");
    add(&contacts, "acme", &site).await?;
    let by_mail = contacts.capture(given("", "", "ann@example.com")).await?;
    let by_phone = contacts.capture(given("", "600700123", "")).await?;
    let named = contacts.capture(given("Eve", "600700124", "")).await?;

    // Numbers are only named, and who presents the token has one that it does not prove: both are for a person to settle.
    let claims = json!({"sub": "u-7", "name": "Ann", "email": "ann@example.com", "email_verified": true,
        "phone_number": "+48600700124"});
    let ann = identify(&contacts, &site.token(&contacts, claims.clone()), &by_phone.contact).await?;
    assert_eq!(ann.name, "Ann");
    assert_eq!(values(&ann.addresses), ["ann@example.com", "u-7"]);
    assert_eq!(verified(&ann), ["ann@example.com", "u-7"]);
    assert_eq!(contacts.contact(&by_mail.contact).await?.contact, ann.contact);
    for apart in [&named.contact, &by_phone.contact] {
        assert_eq!(contacts.contact(apart).await?.contact, *apart);
    }
    assert_eq!(conflicts(&contacts).await?, 2);
    let found = contacts
        .look_up("acme", AddressKind::External, "u-7", Purpose::Support)
        .await?;
    assert_eq!(found.contact, ann.contact);
    // The same again changes nothing.
    let again = identify(&contacts, &site.token(&contacts, claims.clone()), "").await?;
    assert_eq!(again, ann);

    // What a person parted is not put together again by a token.
    let undo = UndoMergeRequest {
        workspace: "acme".into(),
        contact: by_mail.contact.clone(),
        by: "ana".into(),
    };
    let apart = contacts
        .identity
        .clone()
        .undo_merge(undo)
        .await?
        .into_inner()
        .contact
        .expect("a contact");
    assert_eq!(values(&apart.addresses), ["ann@example.com"]);
    let later = identify(&contacts, &site.token(&contacts, claims), "").await?;
    assert_eq!(
        (later.contact.as_str(), values(&later.addresses)),
        (ann.contact.as_str(), vec!["u-7"])
    );
    let apart = contacts.contact(&by_mail.contact).await?;
    assert_eq!(apart.contact, by_mail.contact);
    assert_eq!(conflicts(&contacts).await?, 3);
    Ok(())
}

/// Eve types Vic's number beside her own address, and proves her own address elsewhere.
#[tokio::test]
async fn what_somebody_typed_gives_them_nobody_elses_contact() -> Tested {
    let contacts = Harness::start().await?;
    let site = Site::new(1, "k1");
    add(&contacts, "acme", &site).await?;
    let vic = contacts.capture(given("Vic", "600700123", "")).await?;
    contacts.capture(given("", "600700123", "eve@example.com")).await?;
    let claims = json!({"sub": "u-eve", "email": "eve@example.com", "email_verified": true});
    for presenting in ["", vic.contact.as_str()] {
        let eve = identify(&contacts, &site.token(&contacts, claims.clone()), presenting).await?;
        assert_ne!(eve.contact, vic.contact);
        assert_eq!((values(&eve.addresses), eve.name.as_str()), (vec!["u-eve"], ""));
    }
    let vics = contacts.contact(&vic.contact).await?;
    assert!(verified(&vics).is_empty(), "nobody proved it of Vic");
    // An address that a site only names is nobody's yet: whoever proves it has it.
    let claim = json!({"sub": "u-eve", "email": "vic@example.com"});
    identify(&contacts, &site.token(&contacts, claim), "").await?;
    let proof = json!({"sub": "u-vic", "email": "vic@example.com", "email_verified": true});
    let proved = identify(&contacts, &site.token(&contacts, proof), "").await?;
    assert_eq!(verified(&proved), ["u-vic", "vic@example.com"]);
    Ok(())
}

#[tokio::test]
async fn two_who_are_identified_never_become_one_by_themselves() -> Tested {
    let contacts = Harness::start().await?;
    let site = Site::new(1, "k1");
    add(&contacts, "acme", &site).await?;
    let token = |sub: &str| {
        site.token(
            &contacts,
            json!({"sub": sub, "email": "shared@example.com", "email_verified": true}),
        )
    };
    let one = identify(&contacts, &token("u-1"), "").await?;
    let other = identify(&contacts, &token("u-2"), &one.contact).await?;
    assert_ne!(one.contact, other.contact);
    assert_eq!(values(&other.addresses), ["u-2"]);
    assert_eq!(contacts.contact(&one.contact).await?, one);
    assert_eq!(conflicts(&contacts).await?, 1);
    // An identity is no consent.
    let denied = ("purpose".to_owned(), "access.purpose");
    assert_eq!(
        refusal(contacts.get("acme", &one.contact, Purpose::Outreach).await),
        denied
    );
    Ok(())
}

#[tokio::test]
async fn a_token_that_proves_nothing_is_refused_with_its_reason_and_changes_nothing() -> Tested {
    let contacts = Harness::start().await?;
    let (old, new, third) = (Site::new(1, "old"), Site::new(2, "new"), Site::new(3, "third"));
    let denied = ("token".to_owned(), "access.unauthenticated");
    let claims = json!({"sub": "u-7"});
    assert_eq!(
        refusal(identify(&contacts, &old.token(&contacts, claims.clone()), "").await),
        denied
    );
    for site in [&old, &new, &old] {
        add(&contacts, "acme", site).await?;
    }
    assert_eq!(
        refusal(add(&contacts, "acme", &third).await),
        ("jwk".to_owned(), "request.invalid")
    );
    let same_name = Site::new(4, "new");
    assert_eq!(
        refusal(add(&contacts, "acme", &same_name).await),
        ("jwk".to_owned(), "request.exists")
    );
    let listing = ListIdentityKeysRequest {
        workspace: "acme".into(),
    };
    let keys = contacts
        .identity
        .clone()
        .list_identity_keys(listing)
        .await?
        .into_inner()
        .keys;
    let kids: Vec<_> = keys
        .iter()
        .map(|key| (key.key.as_str(), key.algorithm.as_str(), key.by.as_str()))
        .collect();
    assert_eq!(kids, [("new", "EdDSA", "ana"), ("old", "EdDSA", "ana")]);

    let token = old.token(&contacts, claims.clone());
    for (token, word) in [
        (String::new(), "missing"),
        (third.token(&contacts, claims.clone()), "(any more)"),
        (same_name.token(&contacts, claims.clone()), "signature"),
        (old.token(&contacts, json!({"sub": "u-7", "aud": "globex"})), "audience"),
        (
            old.token(&contacts, json!({"sub": "u-7", "exp": 4_000_000_000_i64})),
            "an hour",
        ),
    ] {
        let status = identify(&contacts, &token, "").await.expect_err(word);
        let fault = rpc::from_status(&status);
        assert!(fault.public().contains(word), "{word}: {}", fault.public());
        assert_eq!(refusal(Err::<(), _>(status)), denied);
    }
    contacts.clock.advance(Duration::from_secs(600));
    let status = identify(&contacts, &token, "").await.expect_err("expired");
    assert!(rpc::from_status(&status).public().contains("expired"));
    let remove = |key: &str| RemoveIdentityKeyRequest {
        workspace: "acme".into(),
        key: key.into(),
    };
    contacts.identity.clone().remove_identity_key(remove("old")).await?;
    assert_eq!(
        refusal(identify(&contacts, &old.token(&contacts, claims.clone()), "").await),
        denied
    );
    assert_eq!(contacts.count("SELECT count(*) FROM contact").await?, 0);
    identify(&contacts, &new.token(&contacts, claims), "").await?;
    let gone = contacts.identity.clone().remove_identity_key(remove("old")).await;
    assert_eq!(refusal(gone), ("key".to_owned(), "request.not_found"));
    Ok(())
}

#[tokio::test]
async fn a_key_and_an_identity_are_of_one_workspace() -> Tested {
    let contacts = Harness::start().await?;
    let site = Site::new(1, "k1");
    add(&contacts, "globex", &site).await?;
    let token = site.token(&contacts, json!({"sub": "u-7"}));
    let denied = ("token".to_owned(), "access.unauthenticated");
    assert_eq!(refusal(identify(&contacts, &token, "").await), denied);
    add(&contacts, "acme", &site).await?;
    let ours = identify(&contacts, &token, "").await?;
    let elsewhere = contacts
        .look_up("globex", AddressKind::External, "u-7", Purpose::Support)
        .await;
    assert_eq!(refusal(elsewhere).1, "request.not_found");
    let theirs = IdentifyContactRequest {
        workspace: "globex".into(),
        token: site.token(&contacts, json!({"sub": "u-7", "aud": "globex"})),
        contact: ours.contact,
    };
    let foreign = contacts.identity.clone().identify_contact(theirs).await;
    assert_eq!(refusal(foreign), ("contact".to_owned(), "request.not_found"));
    Ok(())
}
