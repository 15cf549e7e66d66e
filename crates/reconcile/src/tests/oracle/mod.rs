//! A second opinion on every verdict: slow, from the specification, and held against the index on
//! histories at random.
//!
//! `history` says what is told, `known` what that proves, `event` what belongs together, and `basis`
//! what may be told by that, `control` whether silence counts; `publish`,
//! `consumer`, `flags` and `phase` are the rules once more, in plain loops over plain lists;
//! `company`, `lives`, `compacted`, `reading` and `generate` make histories. What holds for all of them is in
//! `agreement` (index and second opinion say the same), `arrival` (in any order of telling),
//! `growth` (more evidence) and `loss` (less coverage).

mod basis;
mod event;
mod history;
mod known;
mod leftover;

mod consumer;
mod control;
mod flags;
mod grace;
mod opinion;
mod phase;
mod publish;
mod unstored;

mod compacted;
mod company;
mod generate;
mod lives;
mod reading;

mod feed;
mod histories;
mod show;

mod agreement;
mod arrival;
mod growth;
mod loss;
