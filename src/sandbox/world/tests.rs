//! The shipped worlds, and what a world answers.

use serde_json::json;

use super::*;

const NOW: Instant = Instant::UNIX_EPOCH;
const ALL: Include = Include { access_packages: true, roles: true, resources: true, instances: true };
const NOTHING: Vec<String> = Vec::new();

fn bare() -> World {
    World::named("bare").unwrap_or_else(|faults| panic!("{}", shown(&faults).join("\n")))
}

fn shown(faults: &[Fault]) -> Vec<String> {
    faults.iter().map(ToString::to_string).collect()
}

fn faults(result: Result<World, Vec<Fault>>) -> Vec<String> {
    result.map_or_else(|faults| shown(&faults), |_| Vec::new())
}

fn person(id: &str) -> Value {
    json!({ "type": "urn:altinn:person:identifier-no", "value": id })
}

/// A request of one question, as the service sends it.
fn request(subject: (&str, &str), resource: &[(&str, &str)], action: &str) -> Value {
    let attribute = |(id, value): &(&str, &str)| json!({ "AttributeId": id, "Value": value });
    json!({ "Request": {
        "AccessSubject": [{ "Id": "s1", "Attribute": [attribute(&subject)] }],
        "Resource": [{ "Id": "r1", "Attribute": resource.iter().map(attribute).collect::<Vec<_>>() }],
        "Action": [{ "Id": "a1", "Attribute": [attribute(&("urn:oasis:names:tc:xacml:1.0:action:action-id", action))] }],
        "MultiRequests": { "RequestReference": [{ "ReferenceId": ["s1", "r1", "a1"] }] },
    } })
}

fn decisions(answer: &Value) -> Vec<&str> {
    let answers = answer["response"].as_array().expect("a list of answers");
    answers.iter().map(|answer| answer["decision"].as_str().expect("a decision")).collect()
}

fn decided(world: &World, request: &Value) -> String {
    decisions(&world.decide(request, NOW)).join(" ")
}

const PERSON: &str = "urn:altinn:person:identifier-no";
const ORGANIZATION: &str = "urn:altinn:organization:identifier-no";
const RESOURCE: &str = "urn:altinn:resource";
const PART: &str = "urn:altinn:subresource";

#[test]
fn the_shipped_worlds_hold_what_they_promise() {
    let world = bare();
    assert_eq!(shown(&world.check_expectations(NOW)), NOTHING);
    let written = load::SHIPPED[1].text.matches("who:").count();
    assert_eq!(world.scenario().expect.len(), written, "no expectation was left out");
    assert_eq!(world.scenario().dialogs, []);
    let default = World::named("default").unwrap_or_else(|faults| panic!("{}", shown(&faults).join("\n")));
    assert_eq!(default.scenario().dialogs.len(), 9);
    assert_eq!(default.scenario().people, world.scenario().people);
    assert_eq!(default.scenario().expect, world.scenario().expect);
}

#[test]
fn a_broken_expectation_is_a_fault_with_its_line() {
    let text = "
people:
  - {id: '08844397713', name: A B}
owners: [{code: ttd, organization: '991825827', name: {nb: T}}]
resources:
  - {id: res, type: GenericAccessResource, owner: ttd, policy: {rules: [{permit: [role:priv], actions: [read]}]}}
expect:
  - {who: 'person:08844397713', party: 'person:08844397713', resource: any, action: read, outcome: permit}
  - {who: 'person:08844397713', party: 'person:08844397713', resource: res, action: write, outcome: permit, listed: false}
";
    assert_eq!(
        faults(World::parse(text, None)),
        [
            "line 9: expect[1]: res for person:08844397713: the decision is NotApplicable",
            "line 9: expect[1]: res for person:08844397713 is listed",
        ]
    );
}

#[test]
fn a_broken_document_reports_all_its_faults() {
    let text = "
people:
  - {id: '08844397714', name: A}
  - {id: '08844397713', nmae: B}
  - {id: '13838599936', name: C, party_id: 5}
organizations:
  - {id: '310923044', name: D, party_id: 5, parent: '310010693'}
owners:
  - {code: ttd, organization: '991825827', name: {nb: T}}
  - {code: two, organization: '991825827', name: {en: T}}
resources:
  - id: res
    type: Unheard
    owner: nobody
    policy: {rules: [{permit: [dagl], actions: [read]}, {actions: [read]}]}
  - {id: xml, type: GenericAccessResource, owner: ttd, policy_xml: '<Policy/>'}
grants:
  - {to: 'person:08844397713', for: 'organization:310923044', role: dagl}
  - {to: 'person:1', for: 'person:05838090011', role: dagl, package: p}
  - {to: 'person:13838599936', for: 'organization:310923044', package: p, instance: i}
  - {to: 'person:13838599936', for: 'organization:310923044', resource: gone, instance: i}
extra: 1
clock: {start: yesterday}
";
    assert_eq!(
        faults(World::parse(text, None)),
        [
            "line 4: people[1].nmae: there is no such member",
            "line 4: people[1]: missing field `name`",
            "line 22: extra: there is no such member",
            "line 23: clock.start: neither `now` nor an instant",
            "line 10: owners[1].organization: this organization owns services under another code",
            "line 10: owners[1].name: a name in nb is missing",
            "line 7: organizations[0].parent: there is no such organization",
            "line 3: people[0].id: not a person number",
            "line 5: people[2].party_id: this party id is taken",
            "line 13: resources[0].type: none of GenericAccessResource, AltinnApp, MigratedApp, CorrespondenceService, \
             Default, Systemresource, MaskinportenSchema, Altinn2Service, BrokerService, Consent",
            "line 14: resources[0].owner: there is no such service owner",
            "line 15: resources[0].policy.rules[0]: `dagl` is none of role:…, package:…, org:…, any and a URN",
            "line 15: resources[0].policy.rules[1]: a rule needs exactly one of permit and deny",
            "line 16: resources[1].policy_xml: the root element is not a Policy of \
             urn:oasis:names:tc:xacml:3.0:core:schema:wd-17",
            "line 19: grants[1].to: `person:1` is not a reference to somebody",
            "line 19: grants[1].for: there is no person:05838090011 in this world",
            "line 19: grants[1]: exactly one of role, package and resource is needed",
            "line 20: grants[2].instance: this stands only beside a resource",
            "line 21: grants[3].resource: there is no such resource",
            "line 21: grants[3].instance: none of urn:altinn:instance-id:{party id}/{uuid}, \
             urn:altinn:correspondence-id:{uuid} and urn:altinn:dialog-id:{uuid}",
        ]
    );
}

#[test]
fn the_default_person_has_the_parties_of_the_snapshots() {
    let parties = bare().authorized_parties(&person("08844397713"), Include::default(), NOW).expect("a good request");
    let brief = |party: &Value| {
        json!([party["partyId"], party["partyUuid"], party["type"], party["name"], party["dateOfBirth"]])
    };
    let list: Vec<_> = parties.as_array().expect("a list").iter().map(brief).collect();
    assert_eq!(
        list,
        [
            json!([51_186_218, "7e0067a7-694f-4897-981b-16cd5ec704d9", "Organization", "TAKTFULL ORDENTLIG APE", null]),
            json!([
                51_267_836,
                "3b3efe7f-8814-4d36-b0c3-dc754189c8e5",
                "Organization",
                "ÆRLIG UROKKELIG TIGER AS",
                null
            ]),
            json!([
                50_364_905,
                "e3f80a3f-fef6-4555-a955-6c9ffb2af6ea",
                "Person",
                "UROMANTISK LITTERATUR",
                "1943-04-08"
            ]),
        ]
    );
    let sub_unit = &parties[1]["subunits"][0];
    assert_eq!(sub_unit["organizationNumber"], "315010195");
    assert_eq!(sub_unit["partyId"], 51_620_832);
    for flag in ["isDeleted", "onlyHierarchyElementWithNoAccess"] {
        assert!(parties.as_array().is_some_and(|all| all.iter().all(|party| party[flag] == false)), "{flag}");
    }
    assert_eq!(parties[0]["authorizedRoles"], json!([]));
}

#[test]
fn lists_tell_what_was_asked_for() {
    let world = bare();
    let parties = world.authorized_parties(&person("08844397713"), ALL, NOW).expect("a good request");
    assert_eq!(parties[1]["authorizedRoles"], json!(["dagl"]));
    assert_eq!(parties[1]["subunits"][0]["authorizedRoles"], json!(["dagl"]));
    assert_eq!(parties[2]["authorizedRoles"], json!(["priv", "privatperson"]));

    let system_user = |id: &str| json!({ "type": "urn:altinn:systemuser:uuid", "value": id });
    let one = world.authorized_parties(&system_user("51551DD0-b9c5-4f4b-a4a2-9b7e3669b364"), ALL, NOW);
    let one = one.expect("a good request");
    assert_eq!(one.as_array().map(Vec::len), Some(1));
    assert_eq!(one[0]["authorizedAccessPackages"], json!(["ordinaer-post-til-virksomheten"]));
    let two = world.authorized_parties(&system_user("54cb69df-3d8a-4432-804e-742e40de6211"), ALL, NOW);
    assert_eq!(two.expect("a good request")[0]["authorizedResources"], json!(["ttd-dialogporten-automated-tests-2"]));

    let instances = world.authorized_parties(&person("05838090011"), ALL, NOW).expect("a good request");
    assert_eq!(
        instances[0]["authorizedInstances"][0],
        json!({
            "resourceId": "ttd-delegated",
            "instanceId": "6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013",
            "instanceRef": "urn:altinn:instance-id:51990012/6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013",
        })
    );
    assert_eq!(instances[0]["authorizedResources"], json!([]));
    let whale = world.authorized_parties(&person("14836090188"), ALL, NOW).expect("a good request");
    assert_eq!(whale.as_array().map(Vec::len), Some(1002));
}

#[test]
fn a_parent_may_only_lead_to_its_sub_unit() {
    let parties = bare().authorized_parties(&person("06889090039"), ALL, NOW).expect("a good request");
    let brief: Vec<_> = parties
        .as_array()
        .expect("a list")
        .iter()
        .map(|party| {
            (party["name"].as_str(), party["isDeleted"].as_bool(), party["onlyHierarchyElementWithNoAccess"].as_bool())
        })
        .collect();
    assert_eq!(
        brief,
        [
            (Some("SLETTET TEST AS"), Some(true), Some(false)),
            (Some("HOVEDENHET TEST AS"), Some(false), Some(true)),
            (Some("SAMMENSATT AKTØR"), Some(false), Some(false)),
        ]
    );
    assert_eq!(parties[1]["subunits"][0]["name"], "UNDERENHET TEST");
    assert_eq!(parties[1]["authorizedRoles"], json!([]));
}

#[test]
fn a_party_filter_leaves_only_what_it_names() {
    let world = bare();
    let mut body = person("08844397713");
    let names = |body: &Value| {
        let parties = world.authorized_parties(body, ALL, NOW).expect("a good request");
        parties.as_array().expect("a list").iter().map(|party| party["name"].to_string()).collect::<Vec<_>>()
    };
    body["partyFilter"] = json!([{ "Type": ORGANIZATION, "Value": "310010693" }]);
    assert_eq!(names(&body), ["\"TAKTFULL ORDENTLIG APE\""]);
    body["partyFilter"] = json!([{ "Type": PERSON, "Value": "01817090067" }]);
    assert_eq!(names(&body), NOTHING);
    body["partyFilter"] = json!([]);
    assert_eq!(names(&body).len(), 3);
    assert!(world.authorized_parties(&json!({ "type": "urn:demo" }), ALL, NOW).is_err());
    assert_eq!(world.authorized_parties(&person("01819012365"), ALL, NOW), Ok(json!([])));
}

#[test]
fn many_questions_are_answered_each_on_its_own_and_in_order() {
    let attribute = |id: &str, value: &str| json!({ "AttributeId": id, "Value": value });
    let resource = |id: &str, part: &str| {
        let attributes = [
            attribute(RESOURCE, "ttd-dialogporten-automated-tests"),
            attribute(PERSON, "08844397713"),
            attribute(PART, part),
        ];
        json!({ "Id": id, "Attribute": attributes })
    };
    let action = |id: &str, name: &str| json!({ "Id": id, "Attribute": [attribute("urn:oasis:names:tc:xacml:1.0:action:action-id", name)] });
    let request = json!({ "Request": {
        "AccessSubject": [{ "Id": "s1", "Attribute": [attribute(PERSON, "08844397713")] }],
        "Resource": [resource("r1", "main"), resource("r2", "element1"), resource("r3", "someunavailablesubresource")],
        "Action": [action("a1", "read"), action("a2", "transmissionread"), action("a3", "some_unauthorized_action")],
        "MultiRequests": { "RequestReference": [
            { "ReferenceId": ["s1", "r1", "a1"] }, { "ReferenceId": ["s1", "r1", "a3"] },
            { "ReferenceId": ["s1", "r2", "a2"] }, { "ReferenceId": ["s1", "r3", "a2"] },
        ] },
    } });
    let answer = bare().decide(&request, NOW);
    assert_eq!(decisions(&answer), ["Permit", "NotApplicable", "Permit", "NotApplicable"]);
    assert_eq!(
        answer["response"][0],
        json!({
            "decision": "Permit",
            "status": { "statusCode": { "value": "urn:oasis:names:tc:xacml:1.0:status:ok" } },
            "obligations": [{ "id": "urn:altinn:obligation:1", "attributeAssignment": [{
                "attributeId": "urn:altinn:obligation-assignment:1",
                "value": "2",
                "category": "urn:altinn:minimum-authenticationlevel",
                "dataType": "http://www.w3.org/2001/XMLSchema#integer",
            }] }],
        })
    );
    assert_eq!(answer["response"][1].get("obligations"), None);
}

#[test]
fn what_the_platform_cannot_answer_is_one_indeterminate() {
    let world = bare();
    let own = [(RESOURCE, "ttd-level-3"), (PERSON, "08844397713")];
    let code = |request: &Value| {
        let answer = world.decide(request, NOW);
        assert_eq!(decisions(&answer), ["Indeterminate"]);
        let code = answer["response"][0]["status"]["statusCode"]["value"].as_str().expect("a code").to_owned();
        code.rsplit(':').next().expect("a last part").to_owned()
    };
    assert_eq!(code(&request((PERSON, "01819012365"), &own, "read")), "syntax-error");
    assert_eq!(code(&request((PERSON, "08844397713"), &[(RESOURCE, "notavailable")], "read")), "syntax-error");
    assert_eq!(code(&request(("urn:altinn:userid", "x"), &own, "read")), "processing-error");
    assert_eq!(code(&request(("urn:altinn:systemuser:uuid", "x"), &own, "read")), "processing-error");
    assert_eq!(code(&json!({})), "processing-error");
    let mut two = request((PERSON, "08844397713"), &own, "read");
    let subject = two["Request"]["AccessSubject"][0]["Attribute"].as_array_mut().expect("a list");
    subject.push(json!({ "AttributeId": "urn:altinn:userid", "Value": "1" }));
    assert_eq!(code(&two), "processing-error");
}

#[test]
fn apps_are_found_by_org_and_name_with_underscores() {
    let world = bare();
    let app = |task: &str| {
        let resource = [
            ("urn:altinn:org", "ttd"),
            ("urn:altinn:app", "some-app_with_underscores"),
            (ORGANIZATION, "310010693"),
            ("urn:altinn:task", task),
        ];
        decided(&world, &request((PERSON, "08844397713"), &resource, "sign"))
    };
    assert_eq!((app("Task_1").as_str(), app("Task_2").as_str()), ("Permit", "NotApplicable"));
    // Named by its id the platform cuts the app's name, so a rule with the whole name does not fit.
    let by_id = [(RESOURCE, "app_ttd_some-app_with_underscores"), (PERSON, "08844397713")];
    assert_eq!(decided(&world, &request((PERSON, "08844397713"), &by_id, "read")), "NotApplicable");
    let plain = [(RESOURCE, "app_ttd_a2-2802-10793"), (PERSON, "08844397713")];
    assert_eq!(decided(&world, &request((PERSON, "08844397713"), &plain, "read")), "Permit");
}

#[test]
fn an_instance_delegation_counts_for_its_instance_and_its_resource() {
    let world = bare();
    let ask = |id: &str, instance: &str, action: &str| {
        let resource = [(RESOURCE, id), (ORGANIZATION, "319900012"), ("urn:altinn:resource:instance-id", instance)];
        decided(&world, &request((PERSON, "05838090011"), &resource, action))
    };
    let instance = "urn:altinn:instance-id:51990012/6F1D1C1E-3b0a-4d57-9c55-0a4f5a0d0013";
    assert_eq!(ask("ttd-delegated", instance, "read"), "Permit");
    assert_eq!(ask("ttd-delegated", "6f1d1c1e-3b0a-4d57-9c55-0a4f5a0d0013", "read"), "Permit");
    assert_eq!(ask("ttd-level-3", instance, "read"), "Permit");
    assert_eq!(ask("ttd-delegated", instance, "unheard-of"), "NotApplicable");
    assert_eq!(ask("ttd-two-parties-a", instance, "read"), "NotApplicable");
    assert_eq!(ask("ttd-delegated", "urn:altinn:dialog-id:01900000-0000-7000-8000-00000000d014", "read"), "Permit");
    assert_eq!(
        ask("ttd-delegated", "urn:altinn:dialog-id:01900000-0000-7000-8000-00000000d015", "read"),
        "NotApplicable"
    );
}

#[test]
fn delegations_may_be_narrowed_and_a_deny_stands() {
    let patch = json!({
        "resources": [{ "id": "narrow", "type": "GenericAccessResource", "owner": "ttd", "policy": { "rules": [
            { "permit": ["org:ttd"], "actions": ["read", "write"] },
            { "permit": ["org:ttd"], "actions": ["look"], "on": ["part"] },
            { "deny": ["package:blocked"], "actions": ["read"] },
        ] } }],
        "grants": [
            { "to": "person:27069815400", "for": "organization:319900020", "resource": "narrow", "actions": ["read", "look"] },
            { "to": "person:13838599936", "for": "organization:319900020", "resource": "narrow" },
            { "to": "person:13838599936", "for": "organization:319900020", "package": "blocked" },
        ],
    });
    let world = bare().patched(&patch).expect("a good change");
    let ask = |who: &str, action: &str, part: &str| {
        let resource = [(RESOURCE, "narrow"), (ORGANIZATION, "319900020"), (PART, part)];
        decided(&world, &request((PERSON, who), &resource, action))
    };
    assert_eq!(ask("27069815400", "read", "main"), "Permit");
    assert_eq!(ask("27069815400", "write", "main"), "NotApplicable");
    assert_eq!(ask("27069815400", "look", "part"), "Permit");
    assert_eq!(ask("27069815400", "look", "main"), "NotApplicable");
    assert_eq!(ask("13838599936", "write", "main"), "Permit");
    assert_eq!(ask("13838599936", "read", "main"), "Deny");
}

#[test]
fn a_grant_ends_when_it_says() {
    let until = NOW + chrono::Duration::days(1);
    let grant = json!({ "to": "person:27069815400", "for": "organization:310010693", "role": "dagl", "until": until });
    let world = bare().patched(&json!({ "grants": [grant] })).expect("a good change");
    let parties = |now| world.authorized_parties(&person("27069815400"), ALL, now).expect("a good request");
    let count = |now| parties(now).as_array().map(Vec::len);
    assert_eq!((count(NOW), count(until)), (Some(2), Some(1)));
    let resource = [(RESOURCE, "ttd-level-3"), (ORGANIZATION, "310010693")];
    let request = request((PERSON, "27069815400"), &resource, "read");
    assert_eq!(decisions(&world.decide(&request, NOW)), ["Permit"]);
    assert_eq!(decisions(&world.decide(&request, until)), ["NotApplicable"]);
}

#[test]
fn a_change_adds_replaces_and_removes() {
    let world = bare();
    let changed = world.patched(&json!({
        "people": [{ "id": "08844397713", "name": "NYTT NAVN" }, { "id": "01819012365", "name": "NY PERSON" }],
        "grants": [{ "to": "person:08844397713", "for": "organization:310010693", "role": "dagl", "remove": true }],
        "packages": [{ "code": "dialogporten-test-a", "remove": true }],
    }));
    let changed = changed.unwrap_or_else(|faults| panic!("{}", shown(&faults).join("\n")));
    assert_eq!(changed.person("08844397713").map(|one| one.name.as_str()), Some("NYTT NAVN"));
    assert_eq!(changed.person("01819012365").map(|one| one.name.as_str()), Some("NY PERSON"));
    let parties = changed.authorized_parties(&person("08844397713"), ALL, NOW).expect("a good request");
    assert_eq!(parties[0]["organizationNumber"], "310923044");
    // What the change made untrue is no longer expected; the rest is.
    assert_eq!(changed.scenario().expect.len(), world.scenario().expect.len() - 1);
    assert_eq!(shown(&changed.check_expectations(NOW)), NOTHING);
    // The world before is as it was.
    assert_eq!(world.person("08844397713").map(|one| one.name.as_str()), Some("UROMANTISK LITTERATUR"));

    let refused = world.patched(&json!({
        "people": [{ "id": "1", "remove": true }],
        "expect": [{ "who": "person:27069815400", "party": "person:08844397713", "resource": "any", "outcome": "permit" }],
    }));
    assert_eq!(faults(refused), ["people[0]: there is nothing like this to remove"]);
    let refused = world.patched(&json!({ "people": [{ "id": "08895699684", "remove": true }] }));
    assert_eq!(faults(refused), NOTHING, "nothing but expectations spoke of this person");
    let expected = json!({ "who": "person:27069815400", "party": "person:27069815400", "resource": "ttd-delegated", "outcome": "permit" });
    let refused = world.patched(&json!({ "expect": [expected] }));
    assert_eq!(faults(refused).len(), 1);
}

#[test]
fn a_world_can_be_put_back_as_it_was_shown() {
    let document = bare().document();
    let xml = document["resources"][0]["policy_xml"].as_str().expect("a policy document");
    assert!(xml.contains("urn:altinn:minimum-authenticationlevel"));
    assert_eq!(document["resources"][0]["policy"]["level"], 2);
    let again =
        World::parse(&document.to_string(), None).unwrap_or_else(|faults| panic!("{}", shown(&faults).join("\n")));
    assert_eq!(again.document(), document);
    assert_eq!(bare().patched(&json!({})).map(|world| world.document()).ok(), Some(document));
}

#[test]
fn files_are_looked_up_beside_the_scenario() {
    let folder = std::env::temp_dir().join(format!("world-{}", Uuid::new_v4()));
    std::fs::create_dir(&folder).expect("a folder");
    let policy = bare().policy_xml("ttd-level-3").expect("a policy").replace("ttd-level-3", "from-file");
    std::fs::write(folder.join("policy.xml"), policy).expect("written");
    let base = "
extends: bare
resources:
  - {id: from-file, type: GenericAccessResource, owner: ttd, policy_xml: policy.xml}
";
    std::fs::write(folder.join("base.yaml"), base).expect("written");
    let top = "extends: base.yaml\npeople:\n  - {id: '08844397714', name: X}\n";
    std::fs::write(folder.join("top.yaml"), top).expect("written");

    let named = |file: &str| World::named(&folder.join(file).to_string_lossy());
    let world = named("base.yaml").unwrap_or_else(|faults| panic!("{}", shown(&faults).join("\n")));
    let resource = [(RESOURCE, "from-file"), (PERSON, "08844397713")];
    assert_eq!(decided(&world, &request((PERSON, "08844397713"), &resource, "read")), "Permit");
    assert_eq!(faults(named("top.yaml")), ["line 3: people[16].id: not a person number"]);
    // Without a file there is no folder to look in.
    assert_eq!(faults(World::parse(base, None)).len(), 1);
    assert_eq!(faults(World::parse("extends: base.yaml", None)).len(), 1);
    assert_eq!(faults(World::named("unheard-of")).len(), 1);
    std::fs::remove_dir_all(&folder).expect("removed");
}

#[test]
fn the_registry_tells_resources_and_subjects() {
    let world = bare();
    let list = world.resource_list();
    let ids: Vec<_> = list.as_array().expect("a list").iter().map(|one| one["identifier"].as_str()).collect();
    assert_eq!(ids.len(), 40);
    assert_eq!(
        world.resource("ttd-no-level"),
        Some(json!({
            "identifier": "ttd-no-level",
            "title": { "nb": "Tjeneste uten nivå", "nn": "Teneste utan nivå", "en": "Service without a level" },
            "description": {},
            "status": "Active",
            "delegable": true,
            "visible": true,
            "hasCompetentAuthority": {
                "name": { "nb": "Testdepartement", "nn": "Testdepartement", "en": "Test Ministry" },
                "organization": "991825827",
                "orgcode": "ttd",
            },
            "resourceType": "GenericAccessResource",
        }))
    );
    let without = world.resource("ttd-no-owner-number").expect("it exists");
    assert_eq!(without["hasCompetentAuthority"].get("organization"), None);
    assert_eq!(world.resource("notavailable"), None);

    let level = |id: &str| crate::domain::policy::minimum_level(world.policy_xml(id).expect("a policy"));
    assert_eq!(level("ttd-dialogporten-transmissions-test"), Ok(Some(4)));
    assert_eq!(level("ttd-no-level"), Ok(None));

    let pair = |subject: &str, resource: &str| SubjectResource {
        subject_urn: subject.to_owned(),
        resource_urn: resource.to_owned(),
    };
    let pairs = world.subject_resources();
    assert!(pairs.contains(&pair("urn:altinn:rolecode:dagl", "urn:altinn:resource:app_ttd_some-app_with_underscores")));
    assert!(pairs.contains(&pair(
        "urn:altinn:accesspackage:ordinaer-post-til-virksomheten",
        "urn:altinn:resource:ttd-dialogporten-automated-tests"
    )));
    let distinct: HashSet<_> = pairs.iter().collect();
    assert_eq!(distinct.len(), pairs.len());
}

#[test]
fn names_are_found_for_persons_organizations_and_system_users() {
    let world = bare().patched(&json!({
        "people": [{ "id": "13838599936", "name": "USYNLIG", "in_register": false }],
    }));
    let world = world.expect("a good change");
    let urns = [
        "urn:altinn:person:identifier-no:08844397713",
        "urn:altinn:organization:identifier-no:991825827",
        "urn:altinn:systemuser:uuid:51551dd0-b9c5-4f4b-a4a2-9b7e3669b364",
    ];
    let ask = |urns: &[&str]| world.party_names(&urns.iter().map(ToString::to_string).collect::<Vec<_>>());
    let names = ask(&urns);
    let found: Vec<_> =
        names.body["data"].as_array().expect("a list").iter().map(|one| one["displayName"].clone()).collect();
    assert_eq!(found, ["UROMANTISK LITTERATUR", "DIGITALISERINGSDIREKTORATET", "Dialogporten E2E tests (nb)"]);
    assert!(!names.incomplete);
    let hidden = ask(&["urn:altinn:person:identifier-no:13838599936", "urn:altinn:person:idporten-email:test@test.no"]);
    assert_eq!(hidden, PartyNames { body: json!({ "data": [] }), incomplete: true });
}

#[test]
fn owners_roles_and_packages_have_names() {
    let world = bare();
    let orgs = world.orgs();
    assert_eq!(orgs["orgs"]["ttd"]["orgnr"], "991825827");
    assert_eq!(orgs["orgs"]["brg"]["name"]["nb"], "Testregistrene");
    assert_eq!(orgs["orgs"].get("other"), None);
    let name = |list: &Value, key: &str, urn: &str| {
        let found = list.as_array().expect("a list").iter().find(|one| one[key] == urn);
        found.expect("an entry")["name"].as_str().expect("a name").to_owned()
    };
    let role = |lang| name(&world.roles(lang), "legacyUrn", "urn:altinn:rolecode:dagl");
    assert_eq!((role("nb").as_str(), role("en").as_str()), ("Daglig leder", "General manager"));
    let packages = |lang| world.access_packages(lang)[0]["areas"][0]["packages"].clone();
    let package = name(&packages("en"), "urn", "urn:altinn:accesspackage:ordinaer-post-til-virksomheten");
    assert_eq!(package, "Ordinary mail to the business");
    let unnamed = json!({ "grants": [{ "to": "person:08844397713", "for": "organization:319900020", "role": "xyz" }] });
    let roles = world.patched(&unnamed).expect("a good change").roles("nb");
    assert_eq!(name(&roles, "legacyUrn", "urn:altinn:rolecode:xyz"), "xyz");
}

#[test]
fn an_explanation_names_the_rule_that_decided() {
    let world = bare();
    let question = |action| Question {
        who: "person:21857890016",
        party: "organization:319900004",
        resource: "ttd-dialogporten-automated-tests",
        action,
        subresource: "element1",
    };
    let explained = world.explain(&question("transmissionread"), NOW).expect("a good question");
    assert_eq!(explained["decision"], "Permit");
    assert_eq!(explained["listed"], true);
    assert_eq!(explained["grants"]["packages"], json!(["dialogporten-test-list"]));
    assert_eq!(explained["rules"][4]["subject"]["result"], "matches");
    assert_eq!(explained["rules"][1]["subject"]["result"], "does not match");
    let refused = world.explain(&question("read"), NOW).expect("a good question");
    assert_eq!(refused["decision"], "NotApplicable");
    // M-31: yes and no in words, and somebody by a bare number.
    assert!(
        explained["answer"].as_str().is_some_and(|answer| answer.starts_with("Yes: BARE LISTE may")),
        "{explained}"
    );
    let bare = Question { who: "21857890016", party: "319900004", ..question("read") };
    let bare = world.explain(&bare, NOW).expect("a good question");
    assert_eq!(bare["answer"], refused["answer"]);
    let answer = refused["answer"].as_str().expect("an answer");
    assert!(answer.starts_with("No: BARE LISTE may not read"), "{answer}");
    assert!(world.explain(&Question { who: "person:1", ..question("read") }, NOW).is_err());
}

#[test]
fn everybody_has_ids_that_stay_the_same() {
    let (one, two) = (bare(), bare());
    let ids = |world: &World| {
        let ids = world.identities().map(|one| (one.urn.clone(), one.party_id, one.user_id, one.party_uuid));
        ids.collect::<Vec<_>>()
    };
    assert_eq!(ids(&one), ids(&two));
    assert_eq!(ids(&one).len(), 16 + 16 + 2 + 2, "organizations of series are not among them");
    assert_eq!(one.organization("319900012").and_then(|one| one.party_id), Some(51_990_012));
    assert_eq!(one.organization("991825827").and_then(|one| one.owner_code.as_deref()), Some("ttd"));
    assert!(one.organization("319100008").is_some());
    assert!(one.self_identified("Test@test.no").is_some_and(|one| one.user_id.is_some() && one.party_id.is_some()));
    assert!(
        one.self_identified("someuser").is_some() && one.system_user("54CB69DF-3d8a-4432-804e-742e40de6211").is_some()
    );
}
