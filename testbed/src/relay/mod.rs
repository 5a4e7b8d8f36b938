pub struct Fault;
pub struct FaultRelay;
pub struct LatencyRelay;
