// SPDX-License-Identifier: Apache-2.0
//! Tables by Arrow's C data interface: columns of Rust's, and Arrow's structs as any other program has them.
//!
//! The structs are plain `repr(C)`, laid out as Arrow's specification says. Another crate's, such as those of
//! arrow-rs's `ffi` module, are the same in memory: cast a pointer to one.

use crate::call::Keep;
use crate::error::check;
use crate::{ArrowOptions, Columns, Engine, Error, Job, Result, RowFlags, ScoreOptions, Status};
pub use mgeo_sys::{ArrowArray, ArrowArrayStream, ArrowSchema};
use std::ffi::CStr;
use std::marker::PhantomData;
use std::os::raw::{c_char, c_int, c_void};

/// A struct of Arrow's that is released when it is dropped.
macro_rules! owner {
    ($(#[$doc:meta])* $name:ident, $raw:ident) => {
        $(#[$doc])*
        pub struct $name($raw);

        // Arrow lets any thread use and release them, one at a time.
        unsafe impl Send for $name {}

        impl $name {
            /// Takes a struct over.
            ///
            /// # Safety
            /// It is as Arrow's specification asks, or released, and nobody else releases it.
            #[must_use]
            pub unsafe fn from_raw(raw: $raw) -> Self {
                Self(raw)
            }

            /// Gives the struct to one who releases it.
            #[must_use]
            pub fn into_raw(mut self) -> $raw {
                std::mem::replace(&mut self.0, Self::released().0)
            }

            #[must_use]
            pub fn as_ptr(&self) -> *const $raw {
                &self.0
            }

            fn released() -> Self {
                Self(unsafe { std::mem::zeroed() }) // release is NULL
            }
        }

        impl std::ops::Deref for $name {
            type Target = $raw;

            fn deref(&self) -> &$raw {
                &self.0
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                if let Some(release) = self.0.release {
                    unsafe { release(&mut self.0) };
                }
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    };
}

owner!(
    /// An [`ArrowSchema`] that is released when it is dropped.
    Schema,
    ArrowSchema
);
owner!(
    /// An [`ArrowArray`] that is released when it is dropped.
    Array,
    ArrowArray
);
owner!(
    /// An [`ArrowArrayStream`] that is released when it is dropped.
    Stream,
    ArrowArrayStream
);

/// The answer to columns of texts: `Scores` with the names of the labels. What was not asked for is empty.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// 0..1; NaN: no score
    pub similarity: Vec<f32>,
    /// index of the likeliest label, of `labels`; -1: no score
    pub label: Vec<i32>,
    /// the model's, if `label` was asked for
    pub labels: Vec<String>,
    /// as many a row as there are labels
    pub probabilities: Vec<f32>,
    /// the same, before softmax or sigmoid
    pub logits: Vec<f32>,
    /// `RowFlags::BAD`: why there is no score
    pub flags: Vec<RowFlags>,
    /// the model that answered the whole call; 0: there are no rows
    pub generation: u64,
}

impl Engine {
    /// Scores pair i of the texts a\[i\] and b\[i\] through the library's entry for tables.
    pub fn score_columns<A: AsRef<str>, B: AsRef<str>>(
        &self,
        a: &[A],
        b: &[B],
        options: &ScoreOptions,
    ) -> Result<Table> {
        score_columns(self, std::ptr::null_mut(), a, b, options)
    }

    /// Scores a table: a struct array with two columns of texts. It stays the caller's.
    ///
    /// # Safety
    /// `schema` and `array` are as Arrow's specification asks, and the schema is the array's.
    pub unsafe fn score_arrow(
        &self,
        schema: *const ArrowSchema,
        array: *const ArrowArray,
        options: &ArrowOptions,
    ) -> Result<(Schema, Array)> {
        score_arrow(self, std::ptr::null_mut(), schema, array, options)
    }

    /// Makes a stream of scores of a stream of record batches, all answered by one model. On failure `pairs` is
    /// released.
    ///
    /// # Safety
    /// The batches that `pairs` answers have the schema that it tells.
    pub unsafe fn score_arrow_stream(
        &self,
        mut pairs: Stream,
        options: &ArrowOptions,
    ) -> Result<ScoreStream<'_>> {
        let mut keep = Box::new(Keep::new());
        let raw_options = options.raw(&mut keep)?;
        let mut raw = Stream::released();
        check(|error| {
            mgeo_sys::mgeo_score_arrow_stream(
                self.raw.as_ptr(),
                &mut pairs.0,
                &raw_options,
                &mut raw.0,
                error,
            )
        })?;
        Ok(ScoreStream {
            raw,
            _keep: keep,
            _engine: PhantomData,
        })
    }
}

impl Job<'_> {
    /// [`Engine::score_columns`] on the job's model.
    pub fn score_columns<A: AsRef<str>, B: AsRef<str>>(
        &self,
        a: &[A],
        b: &[B],
        options: &ScoreOptions,
    ) -> Result<Table> {
        score_columns(self.engine(), self.as_ptr(), a, b, options)
    }

    /// [`Engine::score_arrow`] on the job's model.
    ///
    /// # Safety
    /// As there.
    pub unsafe fn score_arrow(
        &self,
        schema: *const ArrowSchema,
        array: *const ArrowArray,
        options: &ArrowOptions,
    ) -> Result<(Schema, Array)> {
        score_arrow(self.engine(), self.as_ptr(), schema, array, options)
    }
}

/// A stream of scores: pulls a batch of pairs whenever it is asked for the next one.
pub struct ScoreStream<'engine> {
    raw: Stream, // dropped before what it uses
    _keep: Box<Keep>,
    _engine: PhantomData<&'engine Engine>,
}

unsafe impl Send for ScoreStream<'_> {}

impl std::fmt::Debug for ScoreStream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ScoreStream").finish_non_exhaustive()
    }
}

impl ScoreStream<'_> {
    /// The schema of the batches.
    pub fn schema(&mut self) -> Result<Schema> {
        let mut schema = Schema::released();
        let number = unsafe {
            self.raw
                .0
                .get_schema
                .map_or(0, |get| get(&mut self.raw.0, &mut schema.0))
        };
        self.failure(number).map(|()| schema)
    }

    /// The stream for another program that pulls from it while this borrow lasts.
    pub fn as_mut_ptr(&mut self) -> *mut ArrowArrayStream {
        &mut self.raw.0
    }

    fn failure(&mut self, number: c_int) -> Result<()> {
        if number == 0 {
            return Ok(());
        }
        let line = unsafe {
            self.raw
                .0
                .get_last_error
                .map_or(std::ptr::null(), |get| get(&mut self.raw.0))
        };
        let line = if line.is_null() {
            "the stream failed".into()
        } else {
            unsafe { CStr::from_ptr(line) }.to_string_lossy().into_owned()
        };
        Err(Error::new(status_of(number), line))
    }
}

/// Batches until the stream ends.
impl Iterator for ScoreStream<'_> {
    type Item = Result<Array>;

    fn next(&mut self) -> Option<Self::Item> {
        let mut array = Array::released();
        let number = unsafe {
            self.raw
                .0
                .get_next
                .map_or(0, |get| get(&mut self.raw.0, &mut array.0))
        };
        match self.failure(number) {
            Err(error) => Some(Err(error)),
            Ok(()) if array.release.is_none() => None,
            Ok(()) => Some(Ok(array)),
        }
    }
}

/// What the library's streams mean by errno's numbers, which are those of Linux.
fn status_of(number: c_int) -> Status {
    match number {
        12 => Status::Memory,
        19 => Status::Device,
        22 => Status::Argument,
        95 => Status::Unsupported,
        125 => Status::Cancelled,
        _ => Status::Io,
    }
}

unsafe fn score_arrow(
    engine: &Engine,
    job: *mut mgeo_sys::mgeo_job,
    schema: *const ArrowSchema,
    array: *const ArrowArray,
    options: &ArrowOptions,
) -> Result<(Schema, Array)> {
    let mut keep = Keep::new();
    let mut options = options.raw(&mut keep)?;
    options.job = job;
    let (mut scores_schema, mut scores) = (Schema::released(), Array::released());
    check(|error| {
        let (schema_out, scores_out) = (&mut scores_schema.0, &mut scores.0);
        mgeo_sys::mgeo_score_arrow(
            engine.raw.as_ptr(),
            schema,
            array,
            &options,
            schema_out,
            scores_out,
            error,
        )
    })?;
    Ok((scores_schema, scores))
}

// ---- columns of texts

/// Texts as large_utf8 has them: where each ends, and all of them.
struct Column {
    ends: Vec<i64>,
    texts: Vec<u8>,
    buffers: [*const c_void; 3],
}

impl Column {
    fn new<T: AsRef<str>>(column: &[T]) -> Self {
        let bytes = column.iter().map(|text| text.as_ref().len()).sum::<usize>();
        let (mut ends, mut texts) = (Vec::with_capacity(column.len() + 1), Vec::with_capacity(bytes));
        ends.push(0);
        for text in column {
            texts.extend_from_slice(text.as_ref().as_bytes());
            ends.push(texts.len() as i64);
        }
        let buffers = [std::ptr::null(), ends.as_ptr().cast(), texts.as_ptr().cast()];
        Self { ends, texts, buffers }
    }

    fn array(&mut self) -> ArrowArray {
        debug_assert_eq!(self.ends.last(), Some(&(self.texts.len() as i64)));
        ArrowArray {
            n_buffers: 3,
            buffers: self.buffers.as_mut_ptr(),
            ..borrowed_array(self.ends.len() - 1)
        }
    }
}

unsafe extern "C" fn keep_schema(_: *mut ArrowSchema) {}
unsafe extern "C" fn keep_array(_: *mut ArrowArray) {}

fn borrowed_array(rows: usize) -> ArrowArray {
    let mut array: ArrowArray = unsafe { std::mem::zeroed() };
    array.length = rows as i64;
    array.release = Some(keep_array);
    array
}

fn borrowed_schema(format: &'static [u8], name: &'static [u8]) -> ArrowSchema {
    let mut schema: ArrowSchema = unsafe { std::mem::zeroed() };
    schema.format = format.as_ptr().cast::<c_char>();
    schema.name = name.as_ptr().cast();
    schema.release = Some(keep_schema);
    schema
}

fn score_columns<A: AsRef<str>, B: AsRef<str>>(
    engine: &Engine,
    job: *mut mgeo_sys::mgeo_job,
    a: &[A],
    b: &[B],
    options: &ScoreOptions,
) -> Result<Table> {
    if a.len() != b.len() {
        return Err(Error::new(Status::Argument, "the columns have different lengths"));
    }
    let (mut a, mut b) = (Column::new(a), Column::new(b));
    let (mut left, mut right) = (a.array(), b.array());
    let mut arrays: [*mut ArrowArray; 2] = [&mut left, &mut right];
    let mut validity = [std::ptr::null()];
    let mut array = borrowed_array(a.ends.len() - 1);
    array.n_buffers = 1;
    array.buffers = validity.as_mut_ptr();
    array.n_children = 2;
    array.children = arrays.as_mut_ptr();
    let (mut left_schema, mut right_schema) =
        (borrowed_schema(b"U\0", b"a\0"), borrowed_schema(b"U\0", b"b\0"));
    let mut schemas: [*mut ArrowSchema; 2] = [&mut left_schema, &mut right_schema];
    let mut schema = borrowed_schema(b"+s\0", b"\0");
    schema.n_children = 2;
    schema.children = schemas.as_mut_ptr();
    let options = options.for_arrow();
    // The arrays were made for the schema above.
    let (_, scores) = unsafe { score_arrow(engine, job, &schema, &array, &options) }?;
    Ok(unsafe { Table::read(&scores, options.columns) })
}

impl Table {
    /// Copies an answer of the library's that has these columns.
    unsafe fn read(scores: &ArrowArray, columns: Columns) -> Self {
        let mut table = Self::default();
        let mut children = list(scores.children, scores.n_children)
            .iter()
            .map(|child| &**child);
        let mut next = |column| {
            if columns.contains(column) {
                children.next()
            } else {
                None
            }
        };
        if let Some(child) = next(Columns::SIMILARITY) {
            table.similarity = values(child);
        }
        if let Some(child) = next(Columns::LABEL) {
            table.label = values(child);
            table.labels = names(&*child.dictionary);
        }
        if let Some(child) = next(Columns::PROBABILITIES) {
            table.probabilities = values(&**child.children);
        }
        if let Some(child) = next(Columns::FLAGS) {
            table.flags = values::<u32>(child).into_iter().map(RowFlags).collect();
        }
        if let Some(child) = next(Columns::GENERATION) {
            table.generation = buffer(child, 1, child.length.min(1))
                .first()
                .copied()
                .unwrap_or(0);
        }
        if let Some(child) = next(Columns::LOGITS) {
            table.logits = values(&**child.children);
        }
        for (label, similarity) in table.label.iter_mut().zip(&table.similarity) {
            if similarity.is_nan() {
                *label = -1; // a null's label is any of the dictionary's
            }
        }
        table
    }
}

unsafe fn list<'a, T>(first: *const T, count: i64) -> &'a [T] {
    crate::text::list(first, usize::try_from(count).unwrap_or(0))
}

/// A buffer of an array of the library's, which has no offset.
unsafe fn buffer<T>(array: &ArrowArray, number: usize, length: i64) -> &[T] {
    list(list(array.buffers, array.n_buffers)[number].cast(), length)
}

unsafe fn values<T: Copy>(array: &ArrowArray) -> Vec<T> {
    buffer(array, 1, array.length).to_vec()
}

/// The texts of a utf8 array.
unsafe fn names(array: &ArrowArray) -> Vec<String> {
    let ends: &[i32] = buffer(array, 1, array.length + 1);
    let bytes: &[u8] = buffer(array, 2, ends[ends.len() - 1].into());
    ends.windows(2)
        .map(|ends| String::from_utf8_lossy(&bytes[ends[0] as usize..ends[1] as usize]).into_owned())
        .collect()
}
