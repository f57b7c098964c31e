//! Between the service and its database: passes everything on, counts how often the service waits for an answer, and falls
//! silent or breaks off when it is told to.

use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::JoinHandle,
};
use url::Url;

/// A listener before a database server. It ends with this value.
pub struct Proxy {
    /// The database, by way of the proxy.
    pub url: String,
    turns: Arc<AtomicUsize>,
    mood: watch::Sender<Mood>,
    serving: JoinHandle<()>,
}

/// What becomes of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    PassOn,
    /// Taken and not passed on. A connection that lost bytes so stays silent for ever.
    Swallow,
    /// No connection lives, and new ones end at once.
    Cut,
}

impl Proxy {
    pub async fn before(database: &str) -> Self {
        let mut url = Url::parse(database).expect("the address of a database");
        let server = (url.host_str().expect("a host").to_owned(), url.port().unwrap_or(5432));
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let here = listener.local_addr().expect("a bound listener");
        url.set_host(Some("127.0.0.1")).expect("an address may have this host");
        url.set_port(Some(here.port())).expect("an address may have a port");
        let turns = Arc::new(AtomicUsize::new(0));
        let counter = turns.clone();
        let (mood, moods) = watch::channel(Mood::PassOn);
        let serving = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                // Otherwise the connection is dropped here, which its client sees as an end.
                if *moods.borrow() != Mood::Cut {
                    let server = TcpStream::connect(&server).await.expect("the database server");
                    pass_on(client, server, counter.clone(), moods.clone());
                }
            }
        });
        Self { url: url.into(), turns, mood, serving }
    }

    /// From now on everything arrives again, over connections that have lost nothing.
    pub fn pass_on(&self) {
        self.mood.send_replace(Mood::PassOn);
    }

    /// From now on nothing arrives, and nobody is told.
    pub fn swallow(&self) {
        self.mood.send_replace(Mood::Swallow);
    }

    /// From now on there is no way to the database.
    pub fn cut(&self) {
        self.mood.send_replace(Mood::Cut);
    }

    /// How often the service asked and waited so far.
    pub fn turns(&self) -> usize {
        self.turns.load(Ordering::SeqCst)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn pass_on(client: TcpStream, server: TcpStream, turns: Arc<AtomicUsize>, moods: watch::Receiver<Mood>) {
    // Otherwise small messages wait for the acknowledgement of earlier ones.
    for stream in [&client, &server] {
        stream.set_nodelay(true).expect("a connected stream");
    }
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let lost = Arc::new(AtomicBool::new(false));
    let (lost_too, moods_too) = (lost.clone(), moods.clone());
    tokio::spawn(async move {
        let mut asked = Asked::default();
        let count = |bytes: &[u8]| {
            turns.fetch_add(asked.turns_in(bytes), Ordering::SeqCst);
        };
        let _ = copy(from_client, to_server, moods, lost, count).await;
    });
    tokio::spawn(async move {
        let _ = copy(from_server, to_client, moods_too, lost_too, |_| ()).await;
    });
}

/// Until the end, or until everything is cut. `lost`: bytes of this connection were swallowed.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut moods: watch::Receiver<Mood>,
    lost: Arc<AtomicBool>,
    mut look: impl FnMut(&[u8]),
) -> std::io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let length = tokio::select! {
            // An error means that the proxy is gone, and the test with it.
            _ = moods.wait_for(|mood| *mood == Mood::Cut) => return Ok(()),
            length = from.read(&mut buffer) => length?,
        };
        if length == 0 {
            return to.shutdown().await;
        }
        if *moods.borrow() == Mood::Swallow {
            lost.store(true, Ordering::SeqCst);
        }
        if !lost.load(Ordering::SeqCst) {
            look(&buffer[..length]);
            to.write_all(&buffer[..length]).await?;
        }
    }
}

/// What a client sends, message after message.
///
/// A turn is a simple query, or a batch of the extended protocol up to its Sync (or Flush). Two things are none, because no
/// request waits for them: the empty batch by which the pool looks at a connection that is given back, and the end of a
/// read-only transaction, which travels with it.
#[derive(Default)]
struct Asked {
    is_started: bool,
    /// Bytes of a message whose head is not complete.
    head: Vec<u8>,
    /// Bytes of the body that are still to come; those of a simple query are kept.
    rest: usize,
    query: Option<Vec<u8>>,
    /// Something was asked since the last turn.
    is_asking: bool,
}

impl Asked {
    fn turns_in(&mut self, mut bytes: &[u8]) -> usize {
        const SSL_REQUEST: u32 = 80_877_103;
        let mut turns = 0;
        while !bytes.is_empty() {
            if self.rest > 0 {
                let (body, beyond) = bytes.split_at(self.rest.min(bytes.len()));
                if let Some(query) = &mut self.query {
                    query.extend_from_slice(body);
                }
                self.rest -= body.len();
                bytes = beyond;
            } else {
                self.head.push(bytes[0]);
                bytes = &bytes[1..];
                let number =
                    |at: usize, head: &[u8]| u32::from_be_bytes(head[at..at + 4].try_into().expect("four bytes"));
                if !self.is_started {
                    if self.head.len() == 8 {
                        // The wish for TLS is followed by the true start, which has no kind before its length either.
                        self.is_started = number(4, &self.head) != SSL_REQUEST;
                        self.rest = number(0, &self.head) as usize - 8;
                        self.head.clear();
                    }
                    continue;
                }
                if self.head.len() < 5 {
                    continue;
                }
                self.rest = number(1, &self.head) as usize - 4;
                match self.head[0] {
                    // A Sync without anything before it is the pool's look, and counts as none.
                    b'S' | b'H' => turns += usize::from(std::mem::take(&mut self.is_asking)),
                    b'Q' => self.query = Some(Vec::new()),
                    _ => self.is_asking = true,
                }
                self.head.clear();
            }
            if self.rest == 0
                && let Some(query) = self.query.take()
            {
                let ends_in_vain = query.to_ascii_lowercase().starts_with(b"rollback");
                turns += usize::from(!ends_in_vain);
            }
        }
        turns
    }
}

/// The start, a batch in two pieces, the pool's look, a query, the end of a reading transaction.
#[test]
fn only_what_is_waited_for_is_counted() {
    let message = |kind: &[u8], body: &[u8]| {
        let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
        [kind, &length, body].concat()
    };
    let mut asked = Asked::default();
    let start = message(b"", &[&196_608_u32.to_be_bytes()[..], b"user\0me\0\0"].concat());
    assert_eq!(asked.turns_in(&[message(b"", &80_877_103_u32.to_be_bytes()), start].concat()), 0);
    let batch = [message(b"B", &[b'S'; 300]), message(b"E", b"\0\0\0\0\0"), message(b"S", b"")].concat();
    assert_eq!(asked.turns_in(&batch[..100]), 0);
    assert_eq!(asked.turns_in(&batch[100..]), 1);
    assert_eq!(asked.turns_in(&message(b"S", b"")), 0);
    assert_eq!(asked.turns_in(&message(b"Q", b"BEGIN\0")), 1);
    assert_eq!(asked.turns_in(&[message(b"Q", b"ROLLBACK\0"), message(b"S", b"")].concat()), 0);
    assert_eq!(asked.turns_in(&[batch.clone(), batch].concat()), 2);
}
