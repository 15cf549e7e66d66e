//! `cargo xtask truth`: a world whose events go astray, scanned by the real engine, and verdict by
//! verdict held against the world's ledger. Prints JSON; exit code 1 when a verdict was wrong.

mod apart;
mod arguments;
mod faults;
mod live;
mod look;
mod matrix;
mod polls;
mod report;
mod small;
mod stage;
mod told;
mod unknown;

use std::process::ExitCode;
use std::time::Instant;

use clap::Parser as _;
use waybill_world::World;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = arguments::Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let all_true = match arguments.small {
        Some(worlds) => {
            let summary = runtime.block_on(small::run(&arguments, worlds));
            print(&summary)?;
            summary.all_true()
        }
        None => {
            let report = runtime.block_on(run(&arguments))?;
            print(&report)?;
            report.all_true()
        }
    };
    Ok(if all_true {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run(arguments: &arguments::Arguments) -> anyhow::Result<report::Report> {
    let stage = stage::set(arguments).await?;
    let report = play(arguments, &stage.world).await;
    let removed = stage.remove().await;
    let report = report?;
    removed?;
    Ok(report)
}

async fn play(arguments: &arguments::Arguments, world: &World) -> anyhow::Result<report::Report> {
    let began = Instant::now();
    let faults = faults::chosen(arguments, world)?;
    let (looked, timing) = if arguments.live {
        let (looked, timing) = live::follow(arguments, world, &faults).await?;
        (looked, Some(timing))
    } else {
        stage::write_past(arguments, world, &faults).await?;
        (look::look_at(world, arguments).await?, None)
    };
    let scan = looked.took_micros as f64 / 1e6;
    let seconds = report::Seconds {
        world: began.elapsed().as_secs_f64() - scan,
        scan,
    };
    let ledger = world.ledger();
    let matrix = matrix::Matrix::new(&ledger, &looked);
    let told = arguments.situation.map(|_| told::Told::new(world, &looked));
    Ok(report::Report::new(
        arguments, &ledger, matrix, seconds, &looked, timing, told,
    ))
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
fn print(report: &impl serde::Serialize) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}

#[cfg(test)]
mod tests;
