//! The link by which the reader of a mail says that no more are wanted. Following it only shows a page (mail scanners
//! follow links); a POST acts, from that page or from a mail program (RFC 8058), whatever its body says.

use super::pages;
use super::problem::Problem;
use crate::app::edge::Edge;
use crate::domain::token::Token;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::Language;
use fault::{Fault, Kind, Result};
use minijinja::{Environment, context};
use rpc::notifier::{RedeemUnsubscribeLinkRequest, ResolveUnsubscribeLinkRequest, ResolveUnsubscribeLinkResponse};
use std::sync::{Arc, LazyLock};

static PAGES: LazyLock<Environment<'static>> = LazyLock::new(|| {
    let mut environment = Environment::new();
    environment
        .add_template("unsubscribe.html", include_str!("pages/unsubscribe.html"))
        .expect("the page is part of the program, and a test renders it");
    environment
});

/// What a page says; `{}` stands for the name of the business.
struct Words {
    title: &'static str,
    ask: &'static str,
    button: &'static str,
    done: &'static str,
    gone: &'static str,
}

fn words(language: Language) -> Words {
    match language {
        Language::English => Words {
            title: "Unsubscribe",
            ask: "No more e-mails from {} about your conversations?",
            button: "Unsubscribe",
            done: "You will get no more e-mails from {}. Your conversations stay where they are.",
            gone: "This link is not complete. Please open it again from the e-mail.",
        },
        Language::Polish => Words {
            title: "Rezygnacja z wiadomości",
            ask: "Czy zrezygnować z wiadomości e-mail od {} o Twoich rozmowach?",
            button: "Rezygnuję",
            done: "Nie wyślemy więcej wiadomości e-mail od {}. Twoje rozmowy pozostają bez zmian.",
            gone: "Ten link nie jest kompletny. Otwórz go ponownie z wiadomości e-mail.",
        },
        Language::French => Words {
            title: "Se désabonner",
            ask: "Ne plus recevoir d'e-mails de {} sur vos conversations ?",
            button: "Se désabonner",
            done: "Vous ne recevrez plus d'e-mails de {}. Vos conversations restent à leur place.",
            gone: "Ce lien n'est pas complet. Ouvrez-le de nouveau depuis l'e-mail.",
        },
    }
}

/// Asks whether the address is to get no more mails.
#[utoipa::path(get, path = "/u/{link}", tag = "unsubscribe link",
    params(("link" = String, Path, description = "<workspace>.<token>")),
    responses((status = 200, description = "A page with a button; nothing has changed"),
        (status = 404, description = "A page that says that the link is not complete")))]
pub async fn follow_unsubscribe_link(State(edge): State<Arc<Edge>>, Path(link): Path<String>) -> Response {
    page(resolve(&edge, &link).await, |words| (words.ask, words.button))
}

/// Opts the address out of everything that the workspace sends. Again changes nothing.
#[utoipa::path(post, path = "/u/{link}", tag = "unsubscribe link",
    params(("link" = String, Path, description = "<workspace>.<token>")),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        description = "List-Unsubscribe=One-Click"),
    responses((status = 200, description = "A page that says so"),
        (status = 404, description = "A page that says that the link is not complete")))]
pub async fn post_unsubscribe_link(State(edge): State<Arc<Edge>>, Path(link): Path<String>) -> Response {
    page(redeem(&edge, &link).await, |words| (words.done, ""))
}

async fn resolve(edge: &Edge, link: &str) -> Result<ResolveUnsubscribeLinkResponse> {
    let link = Token::parse(link, "link")?;
    let request = ResolveUnsubscribeLinkRequest {
        workspace: link.workspace().to_string(),
        token: link.secret().into(),
    };
    edge.follow_ups.resolve_unsubscribe_link(request).await
}

async fn redeem(edge: &Edge, link: &str) -> Result<ResolveUnsubscribeLinkResponse> {
    let token = Token::parse(link, "link")?;
    let request = RedeemUnsubscribeLinkRequest {
        workspace: token.workspace().to_string(),
        token: token.secret().into(),
    };
    edge.follow_ups.redeem_unsubscribe_link(request).await?;
    resolve(edge, link).await
}

fn page(told: Result<ResolveUnsubscribeLinkResponse>, say: impl Fn(&Words) -> (&str, &str)) -> Response {
    let (status, language, text, button) = match told {
        Ok(told) => {
            let language = Language::parse(&told.language).unwrap_or_default();
            let words = words(language);
            let (text, button) = say(&words);
            (
                StatusCode::OK,
                language,
                text.replace("{}", &told.business_name),
                button.to_owned(),
            )
        }
        Err(fault) if matches!(fault.kind(), Kind::NotFound | Kind::InvalidArgument) => {
            let language = Language::default();
            (
                StatusCode::NOT_FOUND,
                language,
                words(language).gone.to_owned(),
                String::new(),
            )
        }
        Err(fault) => return Problem(fault).into_response(),
    };
    let title = words(language).title;
    let rendered = PAGES
        .get_template("unsubscribe.html")
        .and_then(|page| page.render(context! { language => language.code(), title, words => text, button }));
    match rendered {
        Ok(body) => ([(header::CACHE_CONTROL, "no-store")], pages::form(status, body)).into_response(),
        Err(error) => Problem(Fault::internal(error)).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::body::to_bytes;

    async fn body(told: ResolveUnsubscribeLinkResponse) -> String {
        let response = page(Ok(told), |words| (words.ask, words.button));
        let bytes = to_bytes(response.into_body(), 10_000).await.expect("a page");
        String::from_utf8(bytes.to_vec()).expect("UTF-8")
    }

    #[tokio::test]
    async fn each_language_asks_in_its_own_words_and_a_name_cannot_become_markup() {
        for (language, button) in [
            ("en", "Unsubscribe"),
            ("pl", "Rezygnuję"),
            ("fr", "Se désabonner"),
            ("de", "Unsubscribe"),
        ] {
            let told = ResolveUnsubscribeLinkResponse {
                business_name: "Ann & <Sons>".into(),
                language: language.into(),
            };
            let page = body(told).await;
            assert!(page.contains(&format!("<button>{button}</button>")), "{page}");
            assert!(
                page.contains("Ann &amp; &lt;Sons&gt;") && page.contains("method=\"post\""),
                "{page}"
            );
        }
    }
}
