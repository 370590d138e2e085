//! Puts packets and their binary attachments together, in the order in which messages arrive.

use bytes::Bytes;

use super::decode::decode;
use super::error::DecodeError;
use super::packet::Packet;

/// Decoder of one connection's messages. It is one pointer wide while nothing is outstanding.
///
/// After an error the connection must be closed; what was outstanding is gone.
#[derive(Debug, Default)]
pub struct Decoder {
    pending: Option<Box<Pending>>,
}

#[derive(Debug)]
struct Pending {
    assembled: Assembled,
    missing: usize,
    /// Bytes held, of the text and the attachments.
    bytes: usize,
    limit: usize,
}

impl Decoder {
    /// A decoder that expects a packet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a text message. `None`: attachments must follow before the packet is complete.
    ///
    /// `max_bytes` bounds what a packet that waits for attachments may hold, its own text included.
    ///
    /// # Errors
    /// The text breaks a rule, attachments are outstanding, or the packet is over `max_bytes`.
    pub fn text<'a>(&mut self, text: &'a str, max_bytes: usize) -> Result<Option<Packet<'a>>, DecodeError> {
        if let Some(pending) = self.pending.take() {
            return Err(DecodeError::AttachmentExpected { missing: pending.missing });
        }
        let packet = decode(text)?;
        let missing = packet.attachments();
        if missing == 0 {
            return Ok(Some(packet));
        }
        if text.len() > max_bytes {
            return Err(DecodeError::TooLarge { limit: max_bytes });
        }
        let assembled = Assembled { text: text.to_owned(), attachments: Vec::with_capacity(missing) };
        self.pending = Some(Box::new(Pending { assembled, missing, bytes: text.len(), limit: max_bytes }));
        Ok(None)
    }

    /// Takes a binary message. `None`: more must follow.
    ///
    /// # Errors
    /// No attachment is outstanding, or the packet is over the limit that came with its text.
    pub fn binary(&mut self, data: Bytes) -> Result<Option<Assembled>, DecodeError> {
        let mut pending = self.pending.take().ok_or(DecodeError::UnexpectedAttachment)?;
        pending.bytes = pending.bytes.saturating_add(data.len());
        if pending.bytes > pending.limit {
            return Err(DecodeError::TooLarge { limit: pending.limit });
        }
        pending.assembled.attachments.push(data);
        pending.missing -= 1;
        if pending.missing == 0 {
            return Ok(Some(pending.assembled));
        }
        self.pending = Some(pending);
        Ok(None)
    }

    /// Bytes of a packet that waits for attachments, including those that have come.
    #[must_use]
    pub fn pending_bytes(&self) -> Option<usize> {
        self.pending.as_ref().map(|pending| pending.bytes)
    }

    /// Whether a packet waits for attachments.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        self.pending.is_some()
    }
}

/// A packet with all of its attachments.
#[derive(Clone, Debug)]
pub struct Assembled {
    /// Has been decoded once without an error.
    text: String,
    attachments: Vec<Bytes>,
}

impl Assembled {
    /// The packet; each call decodes its text again.
    #[must_use]
    pub fn packet(&self) -> Packet<'_> {
        #[expect(clippy::expect_used, reason = "only text that decodes gets here")]
        decode(&self.text).expect("only text that decodes gets here")
    }

    /// The attachments, to which the placeholders' `num` is the index.
    #[must_use]
    pub fn attachments(&self) -> &[Bytes] {
        &self.attachments
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: usize = 1_000;
    const TWO: &str = r#"52-["a",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]"#;

    fn bytes(data: &'static [u8]) -> Bytes {
        Bytes::from_static(data)
    }

    #[test]
    fn a_packet_without_attachments_is_complete_at_once() {
        let mut decoder = Decoder::new();
        assert!(matches!(decoder.text(r#"2["a"]"#, 0), Ok(Some(Packet::Event { .. }))));
        assert!(!decoder.is_pending());
    }

    #[test]
    fn a_binary_packet_is_complete_with_its_last_attachment() {
        let mut decoder = Decoder::new();
        assert!(matches!(decoder.text(TWO, LIMIT), Ok(None)));
        assert!(decoder.is_pending());
        assert!(matches!(decoder.binary(bytes(&[1])), Ok(None)));
        let whole = decoder.binary(bytes(&[])).unwrap().unwrap();
        assert!(!decoder.is_pending());
        assert_eq!(whole.attachments(), [bytes(&[1]), bytes(&[])]);
        assert!(matches!(whole.packet(), Packet::Event { name, attachments: 2, .. } if name == "a"));
        assert!(
            matches!(decoder.text("0", LIMIT), Ok(Some(Packet::Connect { .. }))),
            "ready for the next one"
        );
    }

    #[test]
    fn text_while_attachments_are_outstanding_is_an_error() {
        let mut decoder = Decoder::new();
        decoder.text(TWO, LIMIT).unwrap();
        decoder.binary(bytes(&[1])).unwrap();
        assert!(matches!(decoder.text("0", LIMIT), Err(DecodeError::AttachmentExpected { missing: 1 })));
    }

    #[test]
    fn binary_that_nothing_announced_is_an_error() {
        assert!(matches!(Decoder::new().binary(bytes(&[1])), Err(DecodeError::UnexpectedAttachment)));
        let mut decoder = Decoder::new();
        decoder.text(TWO, LIMIT).unwrap();
        for _ in 0..2 {
            decoder.binary(bytes(&[1])).unwrap();
        }
        assert!(matches!(decoder.binary(bytes(&[1])), Err(DecodeError::UnexpectedAttachment)));
    }

    #[test]
    fn what_is_outstanding_is_bounded() {
        let limit = TWO.len() + 3;
        let mut decoder = Decoder::new();
        decoder.text(TWO, limit).unwrap();
        decoder.binary(bytes(&[1, 2])).unwrap();
        assert!(decoder.binary(bytes(&[3])).unwrap().is_some());
        decoder.text(TWO, limit).unwrap();
        decoder.binary(bytes(&[1, 2])).unwrap();
        assert!(
            matches!(decoder.binary(bytes(&[3, 4])), Err(DecodeError::TooLarge { limit: l }) if l == limit)
        );
        assert!(matches!(decoder.text(TWO, TWO.len() - 1), Err(DecodeError::TooLarge { .. })));
    }

    #[test]
    fn an_idle_decoder_is_one_pointer() {
        assert_eq!(size_of::<Decoder>(), size_of::<usize>());
    }
}
