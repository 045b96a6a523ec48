//! Text that cannot turn the text around it, nor a terminal, into something else.
//!
//! Names and messages come from crates, compilers and file systems. Two kinds of characters
//! in them act on what stands beside them: control characters, with which a terminal is
//! steered, and those that turn the direction of text, which can reverse the rest of a line.

/// `text` without such characters; line feeds stay.
///
/// A control character is left out, a tab becomes a blank. What turns the direction is
/// replaced by `U+FFFD`, so that two names which differ only by it do not look alike.
pub fn plain(text: &str) -> String {
    text.chars().filter_map(kept).collect()
}

/// Whether [`plain`] would change nothing.
pub(crate) fn is_plain(text: &str) -> bool {
    // Of ASCII, the bulk of any text, a look at the bytes is enough.
    let harmless = |byte: u8| matches!(byte, b' '..=b'~' | b'\n');
    text.bytes().all(harmless) || text.chars().all(|c| kept(c) == Some(c))
}

fn kept(c: char) -> Option<char> {
    match c {
        '\n' => Some(c),
        '\t' => Some(' '),
        _ if c.is_control() => None,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
            Some(char::REPLACEMENT_CHARACTER)
        }
        _ => Some(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn neither_a_terminal_nor_the_direction_of_text_is_steered() {
        assert_eq!(plain("a\u{1b}[31mb\r\nc\td\u{0}\u{7f}\u{85}\u{9b}e"), "a[31mb\nc de");
        for turns in ['\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}'] {
            assert_eq!(plain(&format!("a{turns}b")), "a\u{fffd}b");
        }
        // What makes words and emoji stays: letters of any direction, joiners, soft hyphens.
        let words = "שלום مرحبا 👩\u{200d}💻 e\u{301} a\u{ad}b\u{a0}c\u{2028}";
        assert_eq!(plain(words), words);
    }

    proptest! {
        #[test]
        fn what_is_plain_stays_as_it_is(text in "[a-z\n\t é\u{1b}\u{85}\u{202e}\u{200f}]{0,20}") {
            prop_assert_eq!(is_plain(&text), plain(&text) == text);
            prop_assert!(is_plain(&plain(&text)));
        }
    }
}
