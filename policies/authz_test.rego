package callboard.authz_test

import data.callboard.authz

guest := {"kind": "user", "issuer": "guest", "id": "user:development/guest", "ref": "user:development/guest", "ownership": ["user:development/guest"]}

ann := {"kind": "user", "issuer": "https://idp.example", "id": "1", "ref": "user:default/ann", "ownership": ["user:default/ann", "group:default/ledger"]}

nobody := {"kind": "none", "ownership": []}

catalog := {"kind": "plugin", "issuer": "callboard", "id": "catalog", "ref": "plugin:catalog", "ownership": []}

read := {"name": "catalog.entity.read", "action": "read"}

refresh := {"name": "catalog.entity.refresh", "action": "update"}

bound(role) := [{"role": role, "members": ["group:default/ledger"]}]

owned(refs) := {"ref": "component:default/website", "owners": refs}

allowed if authz.decision.effect == "allow"

denied if authz.decision.effect == "deny"

test_guest_in_development_may_do_everything if {
	every name in ["catalog.entity.read", "catalog.location.delete", "plugins.install"] {
		allowed with input as {"principal": guest, "permission": {"name": name, "action": "update"}}
			with data.callboard.installation.environment as "development"
	}
}

test_guest_in_production_is_denied if {
	denied with input as {"principal": guest, "permission": read} with data.callboard.installation.environment as "production"
}

test_guest_is_denied_without_an_environment if {
	denied with input as {"principal": guest, "permission": read} with data.callboard.installation as {}
}

test_bundle_as_shipped_denies_a_guest if {
	denied with input as {"principal": guest, "permission": read}
}

test_guests_have_the_roles_of_guests if {
	question := {"principal": guest, "permission": refresh}
	denied with input as question with data.callboard.installation.environment as "development" with data.callboard.guests as ["viewer"]
	allowed with input as object.union(question, {"permission": read}) with data.callboard.installation.environment as "development" with data.callboard.guests as ["viewer"]
	denied with input as object.union(question, {"permission": read}) with data.callboard.installation.environment as "production" with data.callboard.guests as ["viewer"]
}

test_what_is_bound_to_a_user_is_no_guests_in_production if {
	question := {"principal": guest, "permission": refresh}
	bindings := [{"role": "admin", "members": ["user:development/guest"]}]
	denied with input as question with data.callboard.bindings as bindings with data.callboard.installation.environment as "production"
	allowed with input as question with data.callboard.bindings as bindings with data.callboard.guests as [] with data.callboard.installation.environment as "development"
}

test_a_service_may_have_a_role if {
	ci := {"kind": "service", "issuer": "config", "id": "ci", "ownership": ["service:ci"]}
	allowed with input as {"principal": ci, "permission": refresh} with data.callboard.bindings as [{"role": "platform-engineer", "members": ["service:ci"]}]
}

test_guests_have_no_role_of_everybody if {
	denied with input as {"principal": guest, "permission": read} with data.callboard.everybody as ["admin"]
}

test_every_user_may_read_and_no_more if {
	allowed with input as {"principal": ann, "permission": read}
	denied with input as {"principal": ann, "permission": refresh}
	denied with input as {"principal": ann, "permission": read} with data.callboard.everybody as []
}

test_an_anonymous_request_is_denied if {
	denied with input as {"principal": nobody, "permission": read}
}

# Even when a binding names what nobody owns things through.
test_an_anonymous_request_changes_nothing if {
	someone := {"kind": "none", "ownership": ["group:default/ledger"]}
	denied with input as {"principal": someone, "permission": refresh} with data.callboard.bindings as bound("admin")
	authz.decision.rules == ["nobody is signed in"] with input as {"principal": nobody, "permission": refresh}
}

test_a_role_is_bound_to_a_group if {
	every role, name in {"platform-engineer": "catalog.location.delete", "security": "plugins.grant", "admin": "plugins.install"} {
		question := {"principal": ann, "permission": {"name": name, "action": "update"}}
		allowed with input as question with data.callboard.bindings as bound(role)
		denied with input as question with data.callboard.bindings as [{"role": role, "members": ["group:default/other"]}]
	}
}

test_a_role_nobody_wrote_allows_nothing if {
	denied with input as {"principal": ann, "permission": refresh} with data.callboard.bindings as bound("wizard")
}

test_developers_take_care_of_what_they_own if {
	question := {"principal": ann, "permission": refresh}
	allowed with input as object.union(question, {"resource": owned(["group:default/ledger"])}) with data.callboard.bindings as bound("developer")
	denied with input as object.union(question, {"resource": owned(["group:default/other"])}) with data.callboard.bindings as bound("developer")
	denied with input as object.union(question, {"resource": owned([])}) with data.callboard.bindings as bound("developer")
	denied with input as question with data.callboard.bindings as bound("developer")
}

test_a_pattern_ends_at_a_dot if {
	denied with input as {"principal": ann, "permission": {"name": "catalogue.entity.refresh", "action": "update"}} with data.callboard.bindings as bound("platform-engineer")
}

test_a_plugin_may_do_what_it_was_granted if {
	allowed with input as {"principal": catalog, "permission": refresh}
	authz.decision.rules == ["granted to the plugin"] with input as {"principal": catalog, "permission": refresh}
}

test_a_rule_of_deny_wins if {
	question := {"principal": ann, "permission": read}
	denied with input as question with data.callboard.bindings as bound("admin") with authz.deny as {"frozen"}
	authz.decision.rules == ["frozen"] with input as question with authz.deny as {"frozen"}
}

test_a_request_that_names_no_permission_is_denied if {
	every request in [{"principal": guest}, {"principal": guest, "permission": {}}, {"principal": guest, "permission": {"name": null}}, {"principal": catalog}] {
		denied with input as request with data.callboard.installation.environment as "development"
	}
}

test_nothing_at_all_is_denied if {
	denied with input as {}
	denied with input as null
}

test_decision_says_why if {
	authz.decision.reason == "no rule allows this" with input as {}
	authz.decision.rules == ["role viewer"] with input as {"principal": ann, "permission": read}
}
