package s3

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/callboard/callboard/host/internal/fault"
)

// early is how long before they end the credentials of a role are replaced.
const early = 5 * time.Minute

// role gives the credentials of a role, which it asks STS for with those of
// configuration, once for all who wait.
type role struct {
	config Config
	asked  *stscreds.AssumeRoleProvider
}

// newRole returns credentials for the options of S3, which have the key's own.
func newRole(c Config, o s3.Options) aws.CredentialsProvider {
	client := sts.New(sts.Options{
		Region: o.Region, HTTPClient: o.HTTPClient, Credentials: o.Credentials, BaseEndpoint: o.BaseEndpoint, Retryer: aws.NopRetryer{},
	})
	asked := stscreds.NewAssumeRoleProvider(client, c.RoleARN, func(a *stscreds.AssumeRoleOptions) {
		a.RoleSessionName = "callboard"
		if c.ExternalID != "" {
			a.ExternalID = &c.ExternalID
		}
	})
	return aws.NewCredentialsCache(role{c, asked}, func(o *aws.CredentialsCacheOptions) { o.ExpiryWindow = early })
}

// Retrieve implements aws.CredentialsProvider. Faults: Denied (STS refuses),
// Unavailable.
func (r role) Retrieve(ctx context.Context) (aws.Credentials, error) {
	given, err := r.asked.Retrieve(ctx)
	if err == nil {
		return given, nil
	}
	var own *fault.Error
	var api smithy.APIError
	switch {
	case errors.As(err, &own):
		return given, fault.Wrap(own.Kind, err, fmt.Sprintf("STS cannot be asked for the role of %s: %s", r.config.Name, fault.Message(own)))
	case errors.As(err, &api):
		return given, fault.Wrap(fault.Denied, err, fmt.Sprintf("STS does not give the role of %s (%s): the trust policy of %s must name who has the key, and the externalId",
			r.config.Name, api.ErrorCode(), r.config.RoleARN))
	default:
		return given, fault.Wrap(fault.Unavailable, err, fmt.Sprintf("STS does not answer for the role of %s", r.config.Name))
	}
}
