//! `shaketable list`, `explain`, `schema`, `completions`: what there is, printed from the tables that everything is made of.

use std::io;

use clap::CommandFactory;
use shaketable_reports::Exit;

use crate::cli::{Cli, List};
use crate::describe;
use crate::schema;
use crate::tables::Tables;
use crate::terminal::{print, tell};
