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
    let Some(origin) = origin else { return true };
    let Some(origin) = of_url(origin) else { return false };
    list.is_empty()
        || of_url(own).as_deref() == Some(&origin)
        || list.iter().any(|entry| of_url(entry).as_deref() == Some(&origin))
}

/// Refuses a page that is not of the origin that the browser tells. Without an origin (not a browser), or without a
/// page, there is nothing to compare.
pub fn check_page(page_url: Option<&str>, origin: Option<&str>) -> Result<(), Invalid> {
    let (Some(page), Some(origin)) = (page_url.filter(|page| !page.is_empty()), origin) else {
        return Ok(());
    };
    if of_url(page).is_some_and(|page| of_url(origin) == Some(page)) {
        Ok(())
    } else {
        Err(Invalid::new(
            "page_url",
            "must be of the origin of the page that opened the socket",
        ))
    }
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
