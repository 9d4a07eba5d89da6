//! What comes back on our mails.

use crate::harness::{Customer, EMAIL, Harness, SOON, Tested};
use domain::Clock;
use events::common::AuthorRole;
use events::event::{ConversationReachable, DeliveryUndelivered, FollowUpEnd};
use events::stamp;
use rpc::notifier::{
    DeliveryStatus, FollowUpState, InboundMailOutcome, RecordInboundMailRequest, RedeemReturnLinkRequest,
    RevokeLinksRequest,
};
use testkit::{Mail, MailFault};
use tonic::Code;

const GMAIL: &str = include_str!("../mails/gmail_en.eml");
pub const REPORT: &str = include_str!("../mails/dsn_failed.eml");
pub const ARRIVED: &str = include_str!("../mails/dsn_delivered.eml");
const AUTOMATIC: [&str; 7] = [
    include_str!("../mails/auto_rfc3834.eml"),
    include_str!("../mails/auto_exchange.eml"),
    include_str!("../mails/auto_precedence.eml"),
    include_str!("../mails/auto_list.eml"),
    include_str!("../mails/auto_old.eml"),
    include_str!("../mails/auto_null_path.eml"),
    include_str!("../mails/auto_daemon.eml"),
];

impl Harness {
    /// A customer with an e-mail address only who left, was answered and got the mail.
    async fn mailed(&self) -> anyhow::Result<(Customer, Mail)> {
        let customer = self.customer(false, true).await?;
        let before = self.smtp.to(EMAIL).len();
        self.leave(&customer).await?;
        self.answer(&customer, 2).await?;
        self.armed(&customer).await?;
        self.advance(30).await;
        let mail = self.smtp.nth(EMAIL, before + 1, SOON).await?;
        Ok((customer, mail))
    }

    /// A mail server hands a mail over.
    pub async fn handed(
        &self,
        to: &str,
        sender: Option<&str>,
        mail: impl AsRef<[u8]>,
    ) -> Result<InboundMailOutcome, Code> {
        let request = RecordInboundMailRequest {
            recipient: to.to_owned(),
            sender: sender.map(str::to_owned),
            mail: mail.as_ref().to_vec(),
        };
        let answer = self.client.clone().record_inbound_mail(request).await;
        answer
            .map(|answer| answer.into_inner().outcome())
            .map_err(|status| status.code())
    }

    async fn noted(&self, customer: &Customer, what: &str) -> anyhow::Result<usize> {
        let told = self.explain(customer).await?;
        Ok(told.timeline.iter().filter(|line| line.what == what).count())
    }
}

fn reply_to(mail: &Mail) -> String {
    mail.reply_to.clone().expect("an address to answer to")
}

pub fn report_on(report: &str, mail: &Mail) -> String {
    report.replace("MESSAGE-ID", mail.message_id.as_deref().expect("a Message-ID"))
}

#[tokio::test]
async fn an_answer_to_a_mail_is_the_customers_message_in_its_conversation_and_ends_the_follow_up() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    for to in [reply_to(&mail), reply_to(&mail).to_uppercase()] {
        let posted = notifier.handed(&to, Some(EMAIL), GMAIL).await;
        assert_eq!(posted, Ok(InboundMailOutcome::Posted));
    }
    let replies = notifier.truth().replies.clone();
    assert_eq!(replies.len(), 2, "the owner knows the second by its client id");
    assert_eq!(replies[0], replies[1]);
    assert_eq!(replies[0].conversation, customer.conversation.to_string());
    assert_eq!(replies[0].author(), AuthorRole::Customer);
    assert!(replies[0].client_id.starts_with("mail:"));
    assert_eq!(replies[0].text, "Yes please, keep one for me.\n\nSecond paragraph.");
    notifier.post(&customer, 3, AuthorRole::Customer, true).await?;
    let told = notifier.state(&customer, FollowUpState::Done).await?;
    assert_eq!(told.follow_ups[0].end_reason(), FollowUpEnd::Replied);
    notifier.advance(24 * 3600).await;
    assert_eq!(notifier.sent().await, (0, 1));
    Ok(())
}

#[tokio::test]
async fn who_else_answers_is_shown_as_a_note_and_never_as_the_customer() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    let other = GMAIL.replace("Ann <ann@example.com>", "Bob <bob@example.net>");
    for _ in 0..2 {
        let flagged = notifier.handed(&reply_to(&mail), Some("bob@example.net"), &other).await;
        assert_eq!(flagged, Ok(InboundMailOutcome::Flagged));
    }
    let note = notifier.truth().replies[0].clone();
    assert_eq!((note.author(), note.no_follow_up), (AuthorRole::System, true));
    assert_eq!(
        note.text,
        "E-mail from bob@example.net, which is not the address that we wrote to:\n\nYes please, keep one for me.\n\n\
         Second paragraph."
    );
    assert_eq!(notifier.noted(&customer, "flagged mail").await?, 1);
    // Somebody who has the customer's old address does not speak for them either.
    notifier
        .publish(&ConversationReachable {
            conversation: customer.conversation.to_string(),
            email_address: "0192f000-0000-7000-8000-00000000c0de".into(),
            version: 9,
            at: Some(stamp(notifier.clock.now())),
            ..Default::default()
        })
        .await?;
    notifier.caught_up().await?;
    let flagged = notifier.handed(&reply_to(&mail), Some(EMAIL), GMAIL).await;
    assert_eq!(flagged, Ok(InboundMailOutcome::Flagged));
    assert!(
        notifier
            .truth()
            .replies
            .iter()
            .all(|reply| reply.author() == AuthorRole::System)
    );
    Ok(())
}

#[tokio::test]
async fn a_third_party_in_cc_is_not_the_customer_and_is_stored_nowhere() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    let to = reply_to(&mail);
    let copied = "Cc: Bob <bob@example.net>\nSubject:";
    let posted = notifier
        .handed(&to, Some(EMAIL), GMAIL.replacen("Subject:", copied, 1))
        .await;
    assert_eq!(posted, Ok(InboundMailOutcome::Posted));
    let reply = notifier.truth().replies[0].clone();
    assert_eq!(reply.author(), AuthorRole::Customer);
    assert_eq!(reply.text, "Yes please, keep one for me.\n\nSecond paragraph.");
    notifier.quiet().await?;
    // Every row of every table, as text.
    let holding = "SELECT count(*) FROM pg_class,
             LATERAL query_to_xml(format('SELECT * FROM %I', relname), true, false, '') AS rows
         WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND rows::text LIKE '%' || $1 || '%'";
    assert_eq!(notifier.count(holding, "bob@").await?, 0);
    let conversation = customer.conversation.to_string();
    assert!(
        notifier.count(holding, &conversation).await? > 5,
        "it looks where things are"
    );
    // Who was copied answers all: not the customer, though the customer is copied now.
    let other = GMAIL
        .replacen("From: Ann <ann@example.com>", "From: Bob <bob@example.net>", 1)
        .replacen("Subject:", "Cc: Ann <ann@example.com>\nSubject:", 1)
        .replacen("CA+gmail", "CA+bob", 1);
    let flagged = notifier.handed(&to, Some("bob@example.net"), &other).await;
    assert_eq!(flagged, Ok(InboundMailOutcome::Flagged));
    let note = notifier.truth().replies[1].clone();
    assert_eq!((note.author(), note.no_follow_up), (AuthorRole::System, true));
    assert!(note.text.starts_with("E-mail from bob@example.net,"), "{}", note.text);
    Ok(())
}

#[tokio::test]
async fn two_programs_that_answer_each_other_end_in_one_mail() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    for (number, answer) in AUTOMATIC.iter().enumerate() {
        let automatic = notifier.handed(&reply_to(&mail), None, answer).await;
        assert_eq!(automatic, Ok(InboundMailOutcome::Automatic), "{number}");
    }
    assert_eq!(
        notifier.handed(&reply_to(&mail), Some(""), GMAIL).await,
        Ok(InboundMailOutcome::Automatic),
        "the null sender"
    );
    assert_eq!(
        notifier.handed(&reply_to(&mail), None, AUTOMATIC[0]).await,
        Ok(InboundMailOutcome::Automatic)
    );
    assert_eq!(notifier.noted(&customer, "automatic mail").await?, AUTOMATIC.len() + 1);
    assert!(notifier.truth().replies.is_empty());
    assert_eq!(mail.header("Auto-Submitted"), Some("auto-generated"), "so says ours");
    notifier.advance(24 * 3600).await;
    assert_eq!(notifier.sent().await, (0, 1), "nothing is sent again");
    Ok(())
}

#[tokio::test]
async fn a_report_says_that_a_mail_did_not_arrive_and_only_once() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    let report = report_on(REPORT, &mail);
    let sender = mail.envelope_from.clone();
    let elsewhere = report.replace("rfc822; ann@example.com", "rfc822; bob@example.net");
    for again in [false, true] {
        let strange = elsewhere.replace("rfc822;ann@example.com", "rfc822;bob@example.net");
        let taken = notifier.handed(&sender, Some(""), &strange).await;
        assert_eq!(taken, Ok(InboundMailOutcome::Bounce), "{again}");
    }
    assert_eq!(notifier.noted(&customer, "report not believed").await?, 1);
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    // Forwarded: it failed elsewhere, and names whom the mail was for.
    let report = elsewhere;
    for to in [&sender, &reply_to(&mail), &sender] {
        assert_eq!(
            notifier.handed(to, Some(""), &report).await,
            Ok(InboundMailOutcome::Bounce)
        );
    }
    let told = notifier.delivery(&customer, DeliveryStatus::Undelivered).await?;
    assert_eq!(told.deliveries[0].reason, "mail.refused");
    assert_eq!(notifier.facts::<DeliveryUndelivered>(1).await?.len(), 1);
    notifier.advance(24 * 3600).await;
    assert_eq!(notifier.sent().await, (0, 1));
    // That it arrived after all is the last word.
    let arrived = report_on(ARRIVED, &mail);
    assert_eq!(
        notifier.handed(&sender, Some(""), &arrived).await,
        Ok(InboundMailOutcome::Bounce)
    );
    notifier.delivery(&customer, DeliveryStatus::Delivered).await?;
    assert!(notifier.truth().replies.is_empty());
    Ok(())
}

#[tokio::test]
async fn a_report_settles_a_mail_whose_answer_was_lost() -> Tested {
    let notifier = Harness::start().await?;
    notifier.smtp.fail_next(MailFault::AcceptThenDrop);
    let (customer, mail) = notifier.mailed().await?;
    notifier.delivery(&customer, DeliveryStatus::Unknown).await?;
    let report = report_on(REPORT, &mail);
    notifier
        .handed(&mail.envelope_from, None, &report)
        .await
        .map_err(|code| anyhow::anyhow!("{code}"))?;
    notifier.delivery(&customer, DeliveryStatus::Undelivered).await?;
    Ok(())
}

#[tokio::test]
async fn reports_on_what_is_not_ours_are_refused() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    let ours = mail.message_id.clone().expect("a Message-ID");
    let foreign = "0192f000-0000-7000-8000-00000000c0de.acme@homing.example";
    for id in [foreign, "x@y.example", &ours.replace(".acme@", ".other@")] {
        let report = REPORT.replace("MESSAGE-ID", id);
        assert_eq!(
            notifier.handed(&mail.envelope_from, None, &report).await,
            Err(Code::NotFound),
            "{id}"
        );
    }
    // With the token of one mail nothing can be said of another.
    let report = REPORT.replace("MESSAGE-ID", foreign);
    assert_eq!(
        notifier.handed(&reply_to(&mail), None, &report).await,
        Err(Code::NotFound)
    );
    notifier.delivery(&customer, DeliveryStatus::Accepted).await?;
    Ok(())
}

#[tokio::test]
async fn an_address_gets_a_hundred_mails_a_day_and_the_history_says_so() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    let reply = reply_to(&mail);
    let written =
        |number: u32| format!("From: ann@example.com\nMessage-ID: <m{number}@example.com>\n\nMessage {number}");
    for number in 1..=100 {
        let posted = notifier.handed(&reply, None, &written(number)).await;
        assert_eq!(posted, Ok(InboundMailOutcome::Posted), "{number}");
        // Handed over again it is no further one.
        if number % 10 == 0 {
            let again = notifier.handed(&reply, None, &written(number)).await;
            assert_eq!(again, Ok(InboundMailOutcome::Posted), "{number} again");
        }
    }
    for number in 101..=102 {
        let refused = notifier.handed(&reply, None, &written(number)).await;
        assert_eq!(refused, Err(Code::ResourceExhausted), "{number}");
    }
    let taken = notifier.handed(&reply, None, &written(7)).await;
    assert_eq!(taken, Ok(InboundMailOutcome::Posted), "it was taken before");
    assert_eq!(
        notifier.handed(&reply, None, AUTOMATIC[0]).await,
        Ok(InboundMailOutcome::Automatic),
        "a refusal would be answered"
    );
    assert_eq!(notifier.noted(&customer, "mails refused").await?, 1);
    assert_eq!(notifier.noted(&customer, "automatic mail").await?, 0);
    let posted: std::collections::BTreeSet<_> = notifier
        .truth()
        .replies
        .iter()
        .map(|reply| reply.client_id.clone())
        .collect();
    assert_eq!(posted.len(), 100);
    notifier.advance(24 * 3600).await;
    assert_eq!(
        notifier.handed(&reply, None, &written(101)).await,
        Ok(InboundMailOutcome::Posted),
        "another day"
    );
    Ok(())
}

#[tokio::test]
async fn an_address_that_nobody_reads_takes_nothing() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    let reply = reply_to(&mail);
    let none = format!("reply+acme.{}@homing.example", "0".repeat(25));
    for to in [
        none.as_str(),
        "reply+acme.@homing.example",
        "notify@homing.example",
        "nonsense",
        &reply.replace("acme", "other"),
    ] {
        assert_eq!(notifier.handed(to, None, GMAIL).await, Err(Code::NotFound), "{to}");
        // A refusal would have a mail server answer a program.
        let automatic = notifier.handed(to, Some(""), GMAIL).await;
        assert_eq!(automatic, Ok(InboundMailOutcome::Automatic), "{to}");
    }
    let (_, token) = reply.split_once('.').expect("a token");
    let token = token.split('@').next().expect("a token");
    let hashed = "SELECT count(*) FROM reply_address WHERE token_hash = sha256(convert_to($1, 'UTF8'))";
    assert_eq!(notifier.count(hashed, token).await?, 1, "stored hashed");
    notifier.advance(31 * 24 * 3600).await;
    assert_eq!(
        notifier.handed(&reply, None, GMAIL).await,
        Err(Code::NotFound),
        "expired"
    );
    assert!(notifier.truth().replies.is_empty());
    let told = notifier.explain(&customer).await?;
    assert!(
        !told.timeline.iter().any(|line| line.what.contains("mail")),
        "nothing half done"
    );
    Ok(())
}

#[tokio::test]
async fn what_is_revoked_is_void_for_good() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    let request = RevokeLinksRequest {
        workspace: "acme".into(),
        conversation: customer.conversation.to_string(),
    };
    for revoked in [2, 0] {
        let answer = notifier
            .client
            .clone()
            .revoke_links(request.clone())
            .await?
            .into_inner();
        assert_eq!(answer.revoked, revoked, "a link and an address");
    }
    assert_eq!(
        notifier.handed(&reply_to(&mail), None, GMAIL).await,
        Err(Code::NotFound)
    );
    let text = mail.text.unwrap_or_default();
    let (_, link) = text.split_once("/r/acme.").expect("a return link");
    let link = RedeemReturnLinkRequest {
        workspace: "acme".into(),
        token: link.chars().take(22).collect(),
    };
    let gone = notifier.client.clone().redeem_return_link(link).await;
    assert_eq!(gone.expect_err("revoked").code(), Code::NotFound);
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_read_or_posted_leaves_nothing_behind() -> Tested {
    let notifier = Harness::start().await?;
    let (customer, mail) = notifier.mailed().await?;
    let reply = reply_to(&mail);
    let parts = "From: a@b.example\nContent-Type: multipart/mixed; boundary=x\n\n".to_owned() + &"--x\n\n".repeat(500);
    let large = format!("From: ann@example.com\n\n{}", "x".repeat(10 * 1024 * 1024));
    for wrong in ["", "no header\n\nat all", &parts, &large] {
        let answer = notifier.handed(&reply, None, wrong).await;
        assert_eq!(answer, Err(Code::InvalidArgument), "{} bytes", wrong.len());
    }
    let large = format!("From: ann@example.com\n\n{}", "x ".repeat(4 * 1024 * 1024));
    assert_eq!(
        notifier.handed(&reply, None, &large).await,
        Ok(InboundMailOutcome::Posted)
    );
    notifier.truth().replies.clear();
    let quote = include_str!("../mails/only_quote.eml");
    assert_eq!(
        notifier.handed(&reply, None, quote).await,
        Ok(InboundMailOutcome::Empty)
    );
    assert_eq!(notifier.noted(&customer, "empty mail").await?, 1);
    notifier.truth().conversation_away = true;
    assert_eq!(notifier.handed(&reply, None, GMAIL).await, Err(Code::Unavailable));
    assert!(notifier.truth().replies.is_empty());
    notifier.truth().conversation_away = false;
    assert_eq!(
        notifier.handed(&reply, None, GMAIL).await,
        Ok(InboundMailOutcome::Posted)
    );
    // The customer was forgotten.
    notifier.truth().replies.clear();
    notifier.truth().addresses.clear();
    assert_eq!(notifier.handed(&reply, None, GMAIL).await, Err(Code::NotFound));
    assert!(notifier.truth().replies.is_empty());
    Ok(())
}
