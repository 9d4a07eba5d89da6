//! Which web pages may open the widget.

use domain::Invalid;

/// The origin of an absolute http(s) URL: scheme, host and port, lower case, default ports left out.
pub fn of_url(url: &str) -> Option<String> {
    let (scheme, rest) = url.split_once("://")?;
    let scheme = scheme.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "http" => ":80",
        "https" => ":443",
        _ => return None,
    };
    let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
    if authority.is_empty() || authority.contains(['@', ' ', '\\']) {
        return None;
    }
    let authority = authority.strip_suffix(default_port).unwrap_or(&authority);
    Some(format!("{scheme}://{authority}"))
}

/// True if a page of this origin may use a channel. No origin at all (not a browser) may: an origin protects
/// browsers' users, tokens protect us. Our own pages may everywhere; an empty list admits everybody.
pub fn allowed(origin: Option<&str>, list: &[String], own: &str) -> bool {
    origin.is_none_or(|origin| list.is_empty() && of_url(origin).is_some() || listed(origin, list, own))
}

/// True for pages of an origin on the list, and for our own.
fn listed(url: &str, list: &[String], own: &str) -> bool {
    let Some(origin) = of_url(url) else { return false };
    let mut known = list.iter().map(String::as_str).chain([own]);
    known.any(|entry| of_url(entry).as_deref() == Some(&origin))
}

/// Refuses a page that a customer cannot be on: one that is not of the origin that the browser tells, and one whose
/// origin is not on the channel's list (or ours), whatever was told. With an empty list there is nothing to compare
/// with, and the page is a remark: no return link leads to it.
pub fn check_page(page_url: Option<&str>, origin: Option<&str>, list: &[String], own: &str) -> Result<(), Invalid> {
    let Some(page) = page_url.filter(|page| !page.is_empty()) else {
        return Ok(());
    };
    let refuse = |remedy: &str| Err(Invalid::new("page_url", remedy));
    if origin.is_some_and(|origin| of_url(origin).is_none() || of_url(origin) != of_url(page)) {
        return refuse("must be of the origin of the page that opened the socket");
    }
    if !list.is_empty() && !listed(page, list, own) {
        return refuse("must be of one of the channel's allowed_origins; add its origin there, or leave it out");
    }
    Ok(())
}

/// Where a return link leads: the page, with the token in the fragment, which browsers keep to themselves.
pub fn with_token(page: &str, token: &str) -> Result<String, Invalid> {
    let page = page.split('#').next().unwrap_or_default();
    let fits = of_url(page).is_some() && page.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    if fits {
        Ok(format!("{page}#homing={token}"))
    } else {
        Err(Invalid::new("page_url", "is not an absolute http(s) URL"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_compared_as_browsers_write_them() {
        let list = vec!["https://shop.example".to_owned(), "http://localhost:3000".to_owned()];
        let own = "https://chat.example";
        for good in [
            "https://shop.example",
            "https://SHOP.example:443",
            "http://localhost:3000",
            "https://chat.example",
        ] {
            assert!(allowed(Some(good), &list, own), "{good}");
        }
        for bad in [
            "http://shop.example",
            "https://shop.example.evil.example",
            "https://evil.example",
            "https://shop.example:444",
            "null",
            "",
            "https://shop.example@evil.example",
        ] {
            assert!(!allowed(Some(bad), &list, own), "{bad}");
        }
        assert!(allowed(None, &list, own));
        assert!(allowed(Some("https://any.example"), &[], own));
    }

    #[test]
    fn a_page_is_one_of_the_channel_s_whatever_the_browser_tells() {
        let list = vec!["https://shop.example".to_owned()];
        let own = "https://chat.example";
        let shop = Some("https://shop.example");
        let evil = Some("https://evil.example");
        for (page, origin, list, good) in [
            (None, None, &list, true),
            (Some(""), evil, &list, true),
            (Some("https://shop.example/cart"), None, &list, true),
            (Some("https://shop.example/cart"), shop, &list, true),
            (Some("https://chat.example/demo"), None, &list, true),
            (Some("https://evil.example/cart"), None, &list, false),
            (Some("https://evil.example/cart"), evil, &list, false),
            (Some("https://evil.example/cart"), shop, &list, false),
            (Some("https://shop.example/cart"), Some("null"), &list, false),
            (Some("https://any.example/cart"), None, &vec![], true),
            (Some("https://any.example/cart"), shop, &vec![], false),
        ] {
            assert_eq!(check_page(page, origin, list, own).is_ok(), good, "{page:?} {origin:?}");
        }
    }

    #[test]
    fn the_token_goes_into_the_fragment() {
        assert_eq!(
            with_token("https://shop.example/cart?x=1#top", "acme.t").expect("a page"),
            "https://shop.example/cart?x=1#homing=acme.t"
        );
        for bad in [
            "",
            "javascript:alert(1)",
            "//evil.example",
            "https://a.example/\r\nSet-Cookie: x",
        ] {
            assert!(with_token(bad, "acme.t").is_err(), "{bad}");
        }
    }
}
