//! What an SMSC sends, with frames that cannot be read cut down to their header: the bind goes on, and whoever sent one gets
//! an answer to it.

use super::awake::Wrote;
use super::session::LONGEST_PDU;
use rusmpp::tokio_codec::CommandCodec;
use std::io;
use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_util::bytes::BytesMut;
use tokio_util::codec::Decoder;

/// Length, command, status and number, four octets each.
const HEADER: usize = 16;
/// Read at a time.
const CHUNK: usize = 8 * 1024;

/// Bytes both ways, of which those that come are whole frames that can be read.
pub struct Sifted<S> {
    inner: S,
    wrote: Wrote,
    came: Vec<u8>,
    /// Read by nobody yet, from the index on.
    sifted: (Vec<u8>, usize),
    /// Where frames begin is not known any more: nothing is held back, the reader will end it.
    is_lost: bool,
}

impl<S> Sifted<S> {
    /// `wrote` is set by every write.
    pub fn new(inner: S, wrote: Wrote) -> Self {
        Self {
            inner,
            wrote,
            came: Vec::new(),
            sifted: (Vec::new(), 0),
            is_lost: false,
        }
    }

    /// Moves whole frames on.
    fn sift(&mut self) {
        let (sifted, _) = &mut self.sifted;
        let mut begin = 0;
        while !self.is_lost {
            let rest = &self.came[begin..];
            let Some(length) = rest.first_chunk().map(|length| u32::from_be_bytes(*length)) else {
                break;
            };
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if !(HEADER..=LONGEST_PDU).contains(&length) {
                self.is_lost = true;
                break;
            }
            let Some(frame) = rest.get(..length) else {
                break;
            };
            if can_be_read(frame) {
                sifted.extend_from_slice(frame);
            } else {
                let bare = bare(frame);
                // Not even that: then nobody can be answered.
                if can_be_read(&bare) {
                    sifted.extend_from_slice(&bare);
                }
                tracing::warn!(octets = length, "an SMSC sent a frame that cannot be read");
            }
            begin += length;
        }
        self.came.drain(..begin);
        if self.is_lost {
            sifted.append(&mut self.came);
        }
    }
}

fn can_be_read(frame: &[u8]) -> bool {
    let mut copy = BytesMut::from(frame);
    let read = CommandCodec::new().without_max_length().decode(&mut copy);
    // What is left would be taken for the next frame.
    matches!(read, Ok(Some(_))) && copy.is_empty()
}

/// A frame's header as a frame of its own.
fn bare(frame: &[u8]) -> Vec<u8> {
    let length = u32::try_from(HEADER).unwrap_or_default();
    [&length.to_be_bytes(), &frame[4..HEADER]].concat()
}

impl<S: AsyncRead + Unpin> AsyncRead for Sifted<S> {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        loop {
            let this = &mut *self;
            let (sifted, from) = &mut this.sifted;
            if *from < sifted.len() {
                let some = (sifted.len() - *from).min(into.remaining());
                into.put_slice(&sifted[*from..*from + some]);
                *from += some;
                return Poll::Ready(Ok(()));
            }
            (*from, _) = (0, sifted.clear());
            let mut chunk = [0; CHUNK];
            let mut chunk = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut this.inner).poll_read(context, &mut chunk))?;
            if chunk.filled().is_empty() {
                return Poll::Ready(Ok(()));
            }
            this.came.extend_from_slice(chunk.filled());
            this.sift();
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Sifted<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, octets: &[u8]) -> Poll<io::Result<usize>> {
        self.wrote.store(true, Ordering::Relaxed);
        Pin::new(&mut self.inner).poll_write(context, octets)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    fn frame(command: u32, number: u32, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(HEADER + body.len()).expect("short");
        let head = [length, command, 0, number].map(u32::to_be_bytes).concat();
        [head.as_slice(), body].concat()
    }

    async fn sifted(sent: &[u8], at_once: usize) -> Vec<u8> {
        let (mut smsc, ours) = tokio::io::duplex(1 << 20);
        for some in sent.chunks(at_once) {
            smsc.write_all(some).await.expect("room for all");
        }
        drop(smsc);
        let mut read = Vec::new();
        Sifted::new(ours, Wrote::default())
            .read_to_end(&mut read)
            .await
            .expect("it ends");
        read
    }

    #[tokio::test]
    async fn frames_that_cannot_be_read_become_their_header_and_the_others_pass() {
        const ENQUIRE: u32 = 0x15;
        const DELIVER: u32 = 0x05;
        const SUBMITTED: u32 = 0x8000_0004;
        // An address without an end, and an answer whose id never ends.
        let strange = frame(DELIVER, 7, &[0x41; 90]);
        let answer = frame(SUBMITTED, 8, &[0x41; 80]);
        let sent = [frame(ENQUIRE, 6, b""), strange, answer, frame(ENQUIRE, 9, b"")].concat();
        let wanted = [
            frame(ENQUIRE, 6, b""),
            frame(DELIVER, 7, b""),
            frame(SUBMITTED, 8, b""),
            frame(ENQUIRE, 9, b""),
        ]
        .concat();
        for at_once in [1, 7, 4096] {
            assert_eq!(sifted(&sent, at_once).await, wanted, "{at_once} at once");
        }
    }

    #[tokio::test]
    async fn a_length_that_cannot_be_is_left_to_the_reader() {
        let sent = [frame(0x15, 1, b""), vec![0, 0, 0, 3, 1, 2, 3]].concat();
        assert_eq!(sifted(&sent, 5).await, sent);
        let sent = [frame(0x15, 1, b""), vec![0xff; 20]].concat();
        assert_eq!(sifted(&sent, 5).await, sent);
    }
}
