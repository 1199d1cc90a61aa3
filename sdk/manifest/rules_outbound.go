package manifest

import "github.com/callboard/callboard/sdk/outbound"

// ruleOutbound checks the scopes of http and secret as the host reads them.
func ruleOutbound(c Capability, at report) {
	for _, t := range c.Scope.Targets {
		if t.Host == "" {
			continue // said already
		}
		if _, err := t.Outbound().Check(); err != nil {
			at(c.Line, "capability http: %v", err)
		}
	}
	for _, s := range c.Scope.Secrets {
		if s.Name == "" {
			continue
		}
		if err := s.Outbound().Check(); err != nil {
			at(c.Line, "capability secret: %v", err)
		}
	}
}

// Outbound returns the target as the host compares it.
func (t HTTPTarget) Outbound() outbound.Target {
	return outbound.Target{
		Scheme: t.Scheme, Host: t.Host, Port: t.Port, Methods: t.Methods, PathPrefix: t.PathPrefix,
		Own: t.Own, Credentials: t.Credentials,
	}
}

// Outbound returns the secret's target as the host compares it.
func (s SecretTarget) Outbound() outbound.SecretTarget {
	return outbound.SecretTarget{Name: s.Name, Host: s.Host, Header: s.Header, Reveal: s.Reveal}
}
