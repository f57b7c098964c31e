//! Messages of PostgreSQL's protocol, as far as they are looked into.

/// One message: its kind, and what stands behind its length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub kind: u8,
    pub body: Vec<u8>,
}

impl Message {
    pub fn new(kind: u8, body: impl Into<Vec<u8>>) -> Self {
        Self { kind, body: body.into() }
    }

    pub fn write(&self, to: &mut Vec<u8>) {
        to.push(self.kind);
        to.extend(length(self.body.len() + 4));
        to.extend(&self.body);
    }
}

/// As the protocol writes it.
pub fn length(bytes: usize) -> [u8; 4] {
    u32::try_from(bytes).expect("below 4 GB").to_be_bytes()
}

/// Takes messages out of a stream that comes in pieces.
#[derive(Debug, Default)]
pub struct Messages {
    waiting: Vec<u8>,
    taken: usize,
    /// The first message of a client has no kind.
    skips_first: bool,
}

impl Messages {
    pub fn of_client() -> Self {
        Self { skips_first: true, ..Self::default() }
    }

    pub fn add(&mut self, bytes: &[u8]) {
        self.waiting.drain(..std::mem::take(&mut self.taken));
        self.waiting.extend(bytes);
    }
}

impl Iterator for Messages {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        if self.skips_first {
            let size = number(&self.waiting, self.taken)?;
            self.waiting.get(self.taken..self.taken + size)?;
            self.taken += size;
            self.skips_first = false;
        }
        let kind = *self.waiting.get(self.taken)?;
        let size = number(&self.waiting, self.taken + 1)?;
        let body = self.waiting.get(self.taken + 5..self.taken + 1 + size)?.to_vec();
        self.taken += 1 + size;
        Some(Message { kind, body })
    }
}

/// Reads what a message says, from its beginning.
#[derive(Clone, Copy, Debug)]
pub struct Reader<'a> {
    body: &'a [u8],
    pub at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    /// Up to a zero byte, which is passed over.
    pub fn text(&mut self) -> Option<&'a [u8]> {
        let rest = self.body.get(self.at..)?;
        let end = rest.iter().position(|byte| *byte == 0)?;
        self.at += end + 1;
        Some(&rest[..end])
    }

    pub fn small(&mut self) -> Option<usize> {
        let bytes = self.body.get(self.at..self.at + 2)?;
        self.at += 2;
        Some(usize::from(u16::from_be_bytes(bytes.try_into().ok()?)))
    }

    /// `None` also for a negative one, which stands for null.
    pub fn number(&mut self) -> Option<usize> {
        let found = number(self.body, self.at)?;
        self.at += 4;
        usize::try_from(i32::from_be_bytes(u32::try_from(found).ok()?.to_be_bytes())).ok()
    }

    pub fn is_null(&mut self) -> bool {
        let is_null = self.body.get(self.at..self.at + 4) == Some(&[0xff; 4]);
        self.at += if is_null { 4 } else { 0 };
        is_null
    }

    pub fn rest(&self) -> &'a [u8] {
        self.body.get(self.at..).unwrap_or_default()
    }
}

fn number(bytes: &[u8], at: usize) -> Option<usize> {
    let bytes = bytes.get(at..at + 4)?;
    usize::try_from(u32::from_be_bytes(bytes.try_into().ok()?)).ok()
}
