//! Rows in the binary form of `COPY`.

use sqlx::{PgConnection, postgres::PgConnection as Connection};
use uuid::Uuid;

use crate::domain::Instant;

/// The end of the header: no flags, no extension.
const BEGIN: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
/// In place of a row's number of columns.
const END: [u8; 2] = (-1i16).to_be_bytes();
/// 2000-01-01, from which the database counts.
const EPOCH_MICROS: i64 = 946_684_800_000_000;
const TEXT: u32 = 25;
const JSONB_VERSION: u8 = 1;

/// Rows of one table on their way into the database.
#[derive(Debug)]
pub(super) struct Table {
    name: &'static str,
    columns: &'static str,
    count: i16,
    bytes: Vec<u8>,
}

impl Table {
    /// `columns` as they stand in the statement.
    pub fn new(name: &'static str, columns: &'static str) -> Self {
        let count = i16::try_from(columns.split(',').count()).expect("few columns");
        Self { name, columns, count, bytes: BEGIN.to_vec() }
    }

    /// Begins a row; each of its columns follows with one call.
    pub fn row(&mut self) -> Row<'_> {
        self.bytes.extend(self.count.to_be_bytes());
        Row(&mut self.bytes)
    }

    pub async fn write(mut self, connection: &mut PgConnection) -> sqlx::Result<()> {
        if self.bytes.len() == BEGIN.len() {
            return Ok(());
        }
        self.bytes.extend(END);
        let statement = format!("copy {} ({}) from stdin with (format binary)", self.name, self.columns);
        let mut copy = Connection::copy_in_raw(connection, &statement).await?;
        copy.send(self.bytes).await?;
        copy.finish().await?;
        Ok(())
    }
}

/// A row that is being written.
pub(super) struct Row<'a>(&'a mut Vec<u8>);

impl Row<'_> {
    pub fn bytes(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend(length(bytes.len()));
        self.0.extend(bytes);
        self
    }

    fn null(&mut self) -> &mut Self {
        self.0.extend((-1i32).to_be_bytes());
        self
    }

    pub fn time(&mut self, at: Instant) -> &mut Self {
        self.long(at.timestamp_micros() - EPOCH_MICROS)
    }

    pub fn maybe_time(&mut self, at: Option<Instant>) -> &mut Self {
        match at {
            Some(at) => self.time(at),
            None => self.null(),
        }
    }

    pub fn long(&mut self, value: i64) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn int(&mut self, value: i32) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn short(&mut self, value: i16) -> &mut Self {
        self.bytes(&value.to_be_bytes())
    }

    pub fn maybe_short(&mut self, value: Option<i16>) -> &mut Self {
        match value {
            Some(value) => self.short(value),
            None => self.null(),
        }
    }

    pub fn flag(&mut self, value: bool) -> &mut Self {
        self.bytes(&[u8::from(value)])
    }

    pub fn id(&mut self, id: Uuid) -> &mut Self {
        self.bytes(id.as_bytes())
    }

    pub fn maybe_id(&mut self, id: Option<Uuid>) -> &mut Self {
        match id {
            Some(id) => self.id(id),
            None => self.null(),
        }
    }

    pub fn text(&mut self, text: &str) -> &mut Self {
        self.bytes(text.as_bytes())
    }

    pub fn maybe_text(&mut self, text: Option<&str>) -> &mut Self {
        match text {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    pub fn texts(&mut self, texts: &[String]) -> &mut Self {
        let mut array = Vec::new();
        array.extend(i32::from(!texts.is_empty()).to_be_bytes());
        array.extend(0i32.to_be_bytes());
        array.extend(TEXT.to_be_bytes());
        if !texts.is_empty() {
            array.extend(length(texts.len()));
            array.extend(1i32.to_be_bytes());
        }
        for text in texts {
            array.extend(length(text.len()));
            array.extend(text.as_bytes());
        }
        self.bytes(&array)
    }

    pub fn json(&mut self, value: &impl serde::Serialize) -> &mut Self {
        let at = self.0.len();
        self.0.extend([0; 4]);
        self.0.push(JSONB_VERSION);
        serde_json::to_writer(&mut *self.0, value).expect("writing into memory succeeds, and keys are texts");
        let size = length(self.0.len() - at - 4);
        self.0[at..at + 4].copy_from_slice(&size);
        self
    }
}

fn length(of: usize) -> [u8; 4] {
    i32::try_from(of).expect("rows of a seed are short").to_be_bytes()
}
