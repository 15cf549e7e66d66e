//! Sample data instead of a core, for work on the page in a plain browser (`?host=mock`).
//!
//! It answers every call from a small made-up world. `&scene=` chooses what there is to see:
//! `busy`, `empty`, `broken`, `readonly`, `start`, `refused`.

use std::cell::RefCell;
use std::rc::Rc;

use waybill_protocol::{
    self as protocol, Call, Code, Failure, GetRows, GetTile, OpenTarget, ScanState, wire,
};

use super::{Answer, Host};

mod parts;
mod plan;
mod world;

use world::World;

/// The sample data.
pub(crate) struct MockHost {
    world: Rc<RefCell<World>>,
    scene: String,
}

impl MockHost {
    pub(crate) fn new(address: &str) -> Self {
        let scene = address
            .split(['?', '&'])
            .find_map(|part| part.strip_prefix("scene="));
        let scene = scene.unwrap_or_default().to_owned();
        Self {
            world: Rc::new(RefCell::new(World::new(&scene))),
            scene,
        }
    }

    fn answer(&self, request: &[u8]) -> Vec<u8> {
        let request = match wire::decode_request(request) {
            Ok(request) => request,
            Err(failure) => return wire::encode_failure(&failure),
        };
        let mut world = self.world.borrow_mut();
        let name = request.call.as_str();
        let looking = Looking {
            world: &mut world,
            scene: &self.scene,
            body: request.body,
        };
        looking.answer(name)
    }
}

impl Host for MockHost {
    fn ask(&self, request: Vec<u8>) -> Answer {
        let reply = self.answer(&request);
        Box::pin(async move { Ok(reply) })
    }

    fn act(&self, request: Vec<u8>) -> Answer {
        let reply = self.answer(&request);
        Box::pin(async move { Ok(reply) })
    }

    fn ready(&self) {}
}

struct Looking<'a> {
    world: &'a mut World,
    scene: &'a str,
    body: serde_json::Value,
}

impl Looking<'_> {
    fn reply<C: Call>(
        self,
        answer: impl FnOnce(&mut World, C) -> Result<C::Reply, Failure>,
    ) -> Vec<u8> {
        let outcome = wire::decode_body::<C>(self.body).and_then(|call| answer(self.world, call));
        wire::encode_outcome::<C>(&outcome)
    }

    fn answer(self, name: &str) -> Vec<u8> {
        let scene = self.scene.to_owned();
        match name {
            protocol::Hello::NAME => {
                self.reply::<protocol::Hello>(|_, _| Ok(parts::welcome(&scene)))
            }
            protocol::Open::NAME => {
                self.reply::<protocol::Open>(|_, call| open(&scene, &call.target))
            }
            protocol::Scan::NAME => self.reply::<protocol::Scan>(|world, _| {
                world.started = world::now();
                world.scan = ScanState::Idle;
                Ok(())
            }),
            protocol::Stop::NAME => self.reply::<protocol::Stop>(|world, _| {
                world.scan = ScanState::Stopped;
                Ok(())
            }),
            protocol::Live::NAME => self.reply::<protocol::Live>(|world, call| {
                world.paused = !call.on;
                Ok(())
            }),
            protocol::GetStatus::NAME => {
                self.reply::<protocol::GetStatus>(|world, _| Ok(world.status()))
            }
            protocol::GetRows::NAME => self.reply::<GetRows>(|world, call| world.rows(&call)),
            protocol::Select::NAME => {
                self.reply::<protocol::Select>(|world, call| world.select(&call))
            }
            protocol::GetTile::NAME => self.reply::<GetTile>(|world, call| Ok(world.tile(&call))),
            protocol::Nearest::NAME => {
                self.reply::<protocol::Nearest>(|world, call| Ok(world.nearest(&call)))
            }
            protocol::GetDetail::NAME => {
                self.reply::<protocol::GetDetail>(|world, call| world.detail(call.no))
            }
            _ => self.answer_more(name),
        }
    }

    fn answer_more(self, name: &str) -> Vec<u8> {
        match name {
            protocol::Close::NAME => self.reply::<protocol::Close>(|_, _| Ok(())),
            protocol::MakePlan::NAME => {
                self.reply::<protocol::MakePlan>(|world, call| Ok(world.plan(call)))
            }
            protocol::Preview::NAME => {
                self.reply::<protocol::Preview>(|world, call| world.preview(&call))
            }
            protocol::DryRun::NAME => {
                self.reply::<protocol::DryRun>(|world, _| Ok(world.dry_run()))
            }
            protocol::Send::NAME => self.reply::<protocol::Send>(|world, call| world.send(&call)),
            protocol::StopSend::NAME => {
                self.reply::<protocol::StopSend>(|world, _| world.stop_send())
            }
            protocol::ContinueRun::NAME => self.reply::<protocol::ContinueRun>(|_, _| Ok(())),
            protocol::GetJournal::NAME => {
                self.reply::<protocol::GetJournal>(|world, _| Ok(world.journal()))
            }
            protocol::GetProfile::NAME => {
                self.reply::<protocol::GetProfile>(|_, _| Ok(parts::profile_text()))
            }
            protocol::CheckProfile::NAME => {
                self.reply::<protocol::CheckProfile>(|_, call| Ok(parts::check_profile(&call.toml)))
            }
            protocol::Probe::NAME => self.reply::<protocol::Probe>(|world, _| {
                world.probe_started = world::now();
                Ok(1)
            }),
            protocol::ProbeSteps::NAME => self
                .reply::<protocol::ProbeSteps>(|world, _| Ok(parts::probed(world.probe_started))),
            protocol::SaveProfile::NAME => self.reply::<protocol::SaveProfile>(|_, _| Ok(())),
            protocol::DeleteProfile::NAME => self.reply::<protocol::DeleteProfile>(|_, _| Ok(())),
            protocol::GetFaults::NAME => {
                self.reply::<protocol::GetFaults>(|world, _| Ok(parts::faults(&world.faults_on)))
            }
            protocol::BreakIt::NAME => {
                self.reply::<protocol::BreakIt>(|world, call| Ok(world.break_it(&call.fault)))
            }
            protocol::Heal::NAME => self.reply::<protocol::Heal>(|world, _| {
                world.faults_on.clear();
                Ok(())
            }),
            protocol::ResetDemo::NAME => self.reply::<protocol::ResetDemo>(|_, _| Ok(())),
            other => wire::encode_failure(&Failure::new(
                Code::Internal,
                format!("The sample data has no '{other}'."),
            )),
        }
    }
}

fn open(scene: &str, target: &OpenTarget) -> Result<protocol::Opened, Failure> {
    if scene == "refused" {
        return Err(Failure::new(
            Code::Unreachable,
            "The database at db.toys.example:5432 does not answer.",
        )
        .detail("failed to connect to db.toys.example:5432: connection refused (os error 111)")
        .hint("Check that the server runs and that this machine may reach it (VPN?)."));
    }
    Ok(parts::opened(scene, *target == OpenTarget::Demo))
}
