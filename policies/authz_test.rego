package callboard.authz_test

import data.callboard.authz

guest := {"kind": "user", "issuer": "guest", "id": "user:development/guest", "ref": "user:development/guest"}

read_entity := {"permission": {"name": "catalog.entity.read"}, "resource": {"ref": "component:default/website"}}

allowed if authz.decision.effect == "allow"

denied if authz.decision.effect == "deny"

test_guest_in_development_may_do_everything if {
	every name in ["catalog.entity.read", "catalog.location.delete", "plugin.install"] {
		allowed with input as {"principal": guest, "permission": {"name": name}}
			with data.callboard.installation.environment as "development"
	}
}

test_guest_in_production_is_denied if {
	denied with input as object.union(read_entity, {"principal": guest})
		with data.callboard.installation.environment as "production"
}

test_guest_is_denied_without_an_environment if {
	denied with input as object.union(read_entity, {"principal": guest})
		with data.callboard.installation as {}
}

test_bundle_as_shipped_denies_a_guest if {
	denied with input as object.union(read_entity, {"principal": guest})
}

test_others_are_denied_in_development if {
	others := [
		{"kind": "none"},
		{"kind": "user", "issuer": "https://idp.example", "id": "1"},
		{"kind": "service", "issuer": "guest", "id": "ci"},
		{"kind": "plugin", "issuer": "callboard", "id": "catalog"},
	]
	every principal in others {
		denied with input as object.union(read_entity, {"principal": principal})
			with data.callboard.installation.environment as "development"
	}
}

test_a_request_that_names_no_permission_is_denied if {
	every request in [{"principal": guest}, {"principal": guest, "permission": {}}, {"principal": guest, "permission": {"name": null}}] {
		denied with input as request
			with data.callboard.installation.environment as "development"
	}
}

test_nothing_at_all_is_denied if {
	denied with input as {}
	denied with input as null
}

test_decision_says_why if {
	authz.decision.reason == "no rule allows this" with input as {}
}
