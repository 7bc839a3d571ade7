//! Builds the batch of one table, line by line.
//!
//! A line is planned first (its series, its columns, its types) and appended only when nothing is
//! wrong with it, so a refused line leaves no trace. Lines of one table look alike: field `k` of a
//! line is nearly always field `k` of the one before, so its column is guessed and only compared.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::{DefaultHashBuilder, HashTable};

use super::batch::{Cells, FieldColumn, TableBatch, length_u32};
use super::catalog::{Column, ColumnKind, Table};
use super::names::is_reserved_column;
use super::{ColumnId, DatabaseId, Origin, SeriesKeys};
use crate::line::{Point, Text, Value};

/// A column that a line brings with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct NewColumn {
    pub(super) name: Arc<str>,
    pub(super) kind: ColumnKind,
}

/// What appending a line takes; valid for the builder that made it, until the next plan.
#[derive(Debug)]
pub(super) struct Plan {
    series: PlannedSeries,
    /// Columns that must be added to the table before the line is appended.
    pub(super) new_columns: Vec<NewColumn>,
}

/// The columns that one line brings with it, also by name: a line may name very many.
#[derive(Debug, Default)]
struct NewColumns {
    list: Vec<NewColumn>,
    kinds: HashMap<Arc<str>, ColumnKind, DefaultHashBuilder>,
}

impl NewColumns {
    fn push(&mut self, name: &str, kind: ColumnKind) {
        let name: Arc<str> = name.into();
        self.kinds.insert(Arc::clone(&name), kind);
        self.list.push(NewColumn { name, kind });
    }
}

#[derive(Debug)]
enum PlannedSeries {
    Known(u32),
    New { hash: u64 },
}

#[derive(Debug, Clone, Copy)]
struct Slot {
    column: ColumnId,
    kind: ColumnKind,
    field: u32,
    planned_in: u64,
}

/// See the head of this file. `'a` is the body that the lines are part of.
#[derive(Debug)]
pub(super) struct TableBuilder<'a> {
    /// The table as the catalog has it; `None` before its first good line.
    pub(super) table: Option<Arc<Table>>,
    name: Arc<str>,
    batch: TableBatch,
    hasher: DefaultHashBuilder,
    series: HashTable<u32>,
    series_raw: Vec<&'a [u8]>,
    slots: Vec<Slot>,
    /// The slot of each column, by its number.
    slot_of_column: Vec<Option<u32>>,
    by_raw: HashMap<&'a [u8], u32, DefaultHashBuilder>,
    guess: Vec<(&'a [u8], u32)>,
    plans: u64,
    planned: Vec<Option<u32>>,
    tags: Vec<(Text<'a>, Text<'a>)>,
}

impl<'a> TableBuilder<'a> {
    pub(super) fn new(name: Arc<str>, table: Option<Arc<Table>>, origin: Origin) -> Self {
        let batch = TableBatch {
            database: 0,
            table: 0,
            origin,
            series: SeriesKeys::default(),
            series_of_row: Vec::new(),
            time: Vec::new(),
            fields: Vec::new(),
        };
        Self {
            table,
            name,
            batch,
            hasher: DefaultHashBuilder::default(),
            series: HashTable::new(),
            series_raw: Vec::new(),
            slots: Vec::new(),
            slot_of_column: Vec::new(),
            by_raw: HashMap::default(),
            guess: Vec::new(),
            plans: 0,
            planned: Vec::new(),
            tags: Vec::new(),
        }
    }

    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Checks a line against the table. Changes nothing that a later line could see.
    pub(super) fn plan(&mut self, point: &Point<'_, 'a>) -> Result<Plan, String> {
        self.plans += 1;
        self.planned.clear();
        let mut new_columns = NewColumns::default();
        let series = self.plan_series(point, &mut new_columns)?;
        for (index, field) in point.fields.iter().enumerate() {
            let kind = kind_of(&field.value);
            match self.slot_of(index, field.key) {
                Some(slot) => self.plan_slot(slot, kind)?,
                None => self.plan_unknown(field.key, kind, &mut new_columns)?,
            }
        }
        Ok(Plan { series, new_columns: new_columns.list })
    }

    fn plan_series(
        &mut self,
        point: &Point<'_, 'a>,
        new_columns: &mut NewColumns,
    ) -> Result<PlannedSeries, String> {
        let hash = self.hasher.hash_one(point.series);
        let raw = &self.series_raw;
        if let Some(known) = self.series.find(hash, |one| raw[*one as usize] == point.series) {
            return Ok(PlannedSeries::Known(*known));
        }
        point.parse_tags(&mut self.tags).map_err(|error| error.message)?;
        for (key, _) in &self.tags {
            let name = key.decode();
            match self.kind_in_table(&name) {
                Some(ColumnKind::Tag) => {}
                Some(kind) => return Err(conflict(&name, kind.iox_name(), ColumnKind::Tag)),
                None => {
                    self.check_new(&name, ColumnKind::Tag)?;
                    new_columns.push(&name, ColumnKind::Tag);
                }
            }
        }
        Ok(PlannedSeries::New { hash })
    }

    fn kind_in_table(&self, name: &str) -> Option<ColumnKind> {
        self.table.as_ref()?.column(name).map(|column| column.kind)
    }

    fn slot_of(&mut self, index: usize, key: Text<'a>) -> Option<u32> {
        if let Some((raw, slot)) = self.guess.get(index)
            && *raw == key.raw()
        {
            return Some(*slot);
        }
        let slot = *self.by_raw.get(key.raw())?;
        if index < self.guess.len() {
            self.guess[index] = (key.raw(), slot);
        } else if index == self.guess.len() {
            self.guess.push((key.raw(), slot));
        }
        Some(slot)
    }

    fn plan_slot(&mut self, index: u32, kind: ColumnKind) -> Result<(), String> {
        let slot = &mut self.slots[index as usize];
        if slot.kind != kind || slot.planned_in == self.plans {
            let (expected, column) = (slot.kind, slot.column);
            let name = self.table.as_ref().map(|table| &*table.columns[usize::from(column)].name);
            return Err(refused_field(name.unwrap_or_default(), expected, kind));
        }
        slot.planned_in = self.plans;
        self.planned.push(Some(index));
        Ok(())
    }

    /// A field key that this body has not used before: in the table already, or new.
    fn plan_unknown(
        &mut self,
        key: Text<'a>,
        kind: ColumnKind,
        new_columns: &mut NewColumns,
    ) -> Result<(), String> {
        let name = key.decode();
        let column = self.table.as_ref().and_then(|table| table.column(&name)).cloned();
        if let Some(column) = column {
            if column.kind != kind {
                return Err(conflict(&name, column.kind.iox_name(), kind));
            }
            let slot = self.add_slot(key, &column);
            return self.plan_slot(slot, kind);
        }
        if let Some(known) = new_columns.kinds.get(&*name) {
            return Err(refused_field(&name, *known, kind));
        }
        self.check_new(&name, kind)?;
        new_columns.push(&name, kind);
        self.planned.push(None);
        Ok(())
    }

    fn check_new(&self, name: &str, kind: ColumnKind) -> Result<(), String> {
        check_new(self.table.as_deref(), name, kind)
    }

    fn add_slot(&mut self, key: Text<'a>, column: &Column) -> u32 {
        let known = self.slot_of_column.get(usize::from(column.id)).copied().flatten();
        let slot = known.unwrap_or_else(|| self.add_field(column));
        self.by_raw.insert(key.raw(), slot);
        slot
    }

    fn add_field(&mut self, column: &Column) -> u32 {
        let field = length_u32(self.batch.fields.len());
        let place = usize::from(column.id);
        if self.slot_of_column.len() <= place {
            self.slot_of_column.resize(place + 1, None);
        }
        self.slot_of_column[place] = Some(field);
        let cells = Cells::of(column.kind);
        self.batch.fields.push(FieldColumn { column: column.id, cells, present: None });
        self.slots.push(Slot { column: column.id, kind: column.kind, field, planned_in: 0 });
        field
    }

    /// Number of cells that the batch would have with one more row.
    pub(super) fn cells_with_one_more_row(&self) -> usize {
        (self.batch.time.len() + 1) * (self.batch.fields.len() + 2)
    }

    /// Appends a planned line, whose new columns are in `self.table` by now.
    pub(super) fn append(&mut self, point: &Point<'_, 'a>, plan: &Plan, time_ns: i64) {
        let series = match plan.series {
            PlannedSeries::Known(series) => series,
            PlannedSeries::New { hash } => self.add_series(point.series, hash),
        };
        let row = self.batch.time.len();
        for (index, field) in point.fields.iter().enumerate() {
            let slot = match self.planned[index] {
                Some(slot) => slot,
                None => self.slot_of_new(field.key),
            };
            let field_index = self.slots[slot as usize].field as usize;
            push_cell(&mut self.batch.fields[field_index], row, &field.value);
        }
        self.batch.series_of_row.push(series);
        self.batch.time.push(time_ns);
    }

    fn slot_of_new(&mut self, key: Text<'a>) -> u32 {
        let name = key.decode();
        let column = self.table.as_ref().and_then(|table| table.column(&name)).cloned();
        let absent = || Column { id: 0, name: "".into(), kind: ColumnKind::Boolean };
        self.add_slot(key, &column.unwrap_or_else(absent))
    }

    /// Adds the tag set that `plan_series` parsed last.
    fn add_series(&mut self, raw: &'a [u8], hash: u64) -> u32 {
        let table = self.table.as_ref();
        let column_of =
            |key: &Text<'a>| table.and_then(|one| one.column(&key.decode())).map(|c| c.id);
        let mut present: Vec<(ColumnId, Text<'a>)> =
            self.tags.iter().filter_map(|(key, value)| Some((column_of(key)?, *value))).collect();
        present.sort_unstable_by_key(|(column, _)| *column);
        for (column, value) in present {
            self.batch.series.push_tag(column, &value.decode());
        }
        let series = self.batch.series.end_key();
        self.series_raw.push(raw);
        let (hasher, raws) = (&self.hasher, &self.series_raw);
        self.series.insert_unique(hash, series, |one| hasher.hash_one(raws[*one as usize]));
        series
    }

    /// The finished batch; `None` where no line was taken.
    pub(super) fn finish(mut self, database: DatabaseId) -> Option<TableBatch> {
        let table = self.table.filter(|_| !self.batch.time.is_empty())?;
        let rows = self.batch.time.len();
        for field in &mut self.batch.fields {
            field.pad(rows);
        }
        self.batch.database = database;
        self.batch.table = table.id;
        Some(self.batch)
    }
}

fn kind_of(value: &Value<'_>) -> ColumnKind {
    match value {
        Value::Integer(_) => ColumnKind::Integer,
        Value::Unsigned(_) => ColumnKind::Unsigned,
        Value::Float(_) => ColumnKind::Float,
        Value::Boolean(_) => ColumnKind::Boolean,
        Value::Text(_) => ColumnKind::String,
    }
}

fn push_cell(field: &mut FieldColumn, row: usize, value: &Value<'_>) {
    field.pad(row);
    if let Some(present) = &mut field.present {
        present.push(true);
    }
    match (&mut field.cells, value) {
        (Cells::Integer(values), Value::Integer(value)) => values.push(*value),
        (Cells::Unsigned(values), Value::Unsigned(value)) => values.push(*value),
        (Cells::Float(values), Value::Float(value)) => values.push(*value),
        (Cells::Boolean(values), Value::Boolean(value)) => values.push(*value),
        (Cells::String { ends, bytes }, Value::Text(text)) => {
            bytes.extend_from_slice(text.decode().as_bytes());
            ends.push(length_u32(bytes.len()));
        }
        (cells, _) => cells.pad(row + 1), // a plan never pairs other kinds
    }
}

/// Checks the name of a column that the table does not have.
pub(super) fn check_new(table: Option<&Table>, name: &str, kind: ColumnKind) -> Result<(), String> {
    if name == "time" && table.is_some() {
        return Err(conflict(name, "iox::column_type::timestamp", kind));
    }
    if is_reserved_column(name) {
        return Err(format!("'{name}' is a reserved column"));
    }
    Ok(())
}

pub(super) fn conflict(name: &str, expected: &str, got: ColumnKind) -> String {
    format!("invalid column type for column '{name}', expected {expected}, got {}", got.iox_name())
}

/// A field whose column another kind holds, or that stands twice in its line.
fn refused_field(name: &str, expected: ColumnKind, got: ColumnKind) -> String {
    if expected == got {
        return format!("invalid line protocol - multiple instances of '{name}' field found");
    }
    conflict(name, expected.iox_name(), got)
}
