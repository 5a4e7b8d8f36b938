//! What a string says: Go's rules, `strconv.Unquote`.

/// The content of a string in its quotes.
///
/// # Errors
/// A few words about an escape that is wrong.
pub(super) fn unquote(quoted: &str) -> Result<String, &'static str> {
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or("");
    if quoted.starts_with('`') {
        return Ok(inner.replace('\r', ""));
    }
    let mut bytes: Vec<u8> = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((before, escape)) = rest.split_once('\\') {
        bytes.extend_from_slice(before.as_bytes());
        let length = push_escape(&mut bytes, escape)?;
        rest = escape
            .get(length..)
            .ok_or("an escape that is not terminated")?;
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).map_err(|_| "a string that is not UTF-8")
}

/// Adds what the escape behind a `\` stands for; returns its length.
fn push_escape(bytes: &mut Vec<u8>, escape: &str) -> Result<usize, &'static str> {
    let kind = escape
        .bytes()
        .next()
        .ok_or("an escape that is not terminated")?;
    let simple = match kind {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        b'\\' | b'"' => kind,
        b'0'..=b'7' => {
            let code = number(escape, 0, 3, 8)?;
            bytes.push(u8::try_from(code).map_err(|_| "an escape above \\377")?);
            return Ok(3);
        }
        b'x' => {
            let code = number(escape, 1, 2, 16)?;
            bytes.push(u8::try_from(code).map_err(|_| "an escape that is no byte")?);
            return Ok(3);
        }
        b'u' | b'U' => {
            let digits = if kind == b'u' { 4 } else { 8 };
            let code = number(escape, 1, digits, 16)?;
            let character = char::from_u32(code).ok_or("an escape that is no character")?;
            bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
            return Ok(1 + digits);
        }
        _ => return Err("an unknown escape"),
    };
    bytes.push(simple);
    Ok(1)
}

fn number(escape: &str, from: usize, digits: usize, base: u32) -> Result<u32, &'static str> {
    let text = escape
        .get(from..from + digits)
        .ok_or("an escape that is not terminated")?;
    // `from_str_radix` also takes a sign.
    let digits_only = text.chars().all(|character| character.is_digit(base));
    let code = u32::from_str_radix(text, base).ok();
    code.filter(|_| digits_only)
        .ok_or("an escape with something that is no digit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn go_s_escapes_are_read() {
        for (quoted, content) in [
            (r#""a\"\\\n\t\x41\101\u00e9\U0001f600""#, "a\"\\\n\tAAé😀"),
            (r#""\xc3\xa9""#, "é"),
            ("`raw\\d\r\n\"$1`", "raw\\d\n\"$1"),
            (r#""""#, ""),
        ] {
            assert_eq!(unquote(quoted).as_deref(), Ok(content), "{quoted}");
        }
        for quoted in [
            r#""\'""#,
            r#""\q""#,
            r#""\x4""#,
            r#""\xff""#,
            r#""\400""#,
            r#""\ud800""#,
            r#""\U00110000""#,
            r#""\u+123""#,
            r#""\é""#,
        ] {
            assert!(unquote(quoted).is_err(), "{quoted}");
        }
    }
}
