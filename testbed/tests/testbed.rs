//! The testbed's own tests.

use testbed::*;

#[test]
fn serves() {
    let t = std::time::Instant::now();
    let cp = ControlPlane::shared();
    println!("{:?}", t.elapsed());
    let u = cp.limited_user(
        "serves",
        &serde_json::json!([{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]),
    );
    assert_eq!(u.client().get("/api/v1/nodes").expect_err("x").code, 403);
    println!("{:?}", t.elapsed());
    println!("{:#?}", cp.audit(&u.name));
    println!("{:?}", t.elapsed());
}
