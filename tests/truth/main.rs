//! `cargo xtask truth`: a world whose events go astray, scanned by the real engine, and verdict by
//! verdict held against the world's ledger. Prints JSON; exit code 1 when a verdict was wrong.

mod arguments;
mod look;
mod matrix;
mod stage;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> anyhow::Result<ExitCode> {
    let arguments = arguments::Arguments::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let report = runtime.block_on(run(&arguments))?;
    print(&report)?;
    Ok(if report.all_true() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

async fn run(arguments: &arguments::Arguments) -> anyhow::Result<matrix::Report> {
    let (world, planted) = stage::set(arguments).await?;
    let looked = look::look_at(&world).await;
    let report =
        looked.map(|looked| matrix::Report::new(arguments, &planted, &world.ledger(), &looked));
    world.remove().await?;
    report
}

#[expect(
    clippy::print_stdout,
    reason = "the report is what this program is for"
)]
fn print(report: &matrix::Report) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(report)?);
    Ok(())
}
