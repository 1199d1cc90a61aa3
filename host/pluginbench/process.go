package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// A plugin of HashiCorp's is a process that is called over gRPC: native speed
// and no sandbox. The service has one method, from bytes to bytes.
const (
	serveProcess = "PLUGINBENCH_SERVE"
	echoMethod   = "/pluginbench.Echo/Echo"
)

var handshake = plugin.HandshakeConfig{ProtocolVersion: 1, MagicCookieKey: serveProcess, MagicCookieValue: "echo"}

// served serves as a plugin if this process was started as one.
func served() bool {
	if os.Getenv(serveProcess) == "" {
		return false
	}
	plugin.Serve(&plugin.ServeConfig{
		HandshakeConfig: handshake, Plugins: map[string]plugin.Plugin{"echo": &echoPlugin{}}, GRPCServer: plugin.DefaultGRPCServer,
		Logger: hclog.NewNullLogger(),
	})
	return true
}

type echoPlugin struct{ plugin.NetRPCUnsupportedPlugin }

// GRPCServer implements plugin.GRPCPlugin.
//
//nolint:unparam // its interface has the error
func (*echoPlugin) GRPCServer(_ *plugin.GRPCBroker, s *grpc.Server) error {
	s.RegisterService(&grpc.ServiceDesc{
		ServiceName: "pluginbench.Echo", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "Echo", Handler: func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
			q := &wrapperspb.BytesValue{}
			err := decode(q)
			return q, err
		}}},
	}, struct{}{})
	return nil
}

// GRPCClient implements plugin.GRPCPlugin.
func (*echoPlugin) GRPCClient(_ context.Context, _ *plugin.GRPCBroker, c *grpc.ClientConn) (any, error) {
	return c, nil
}

// processSubject starts this program again as a plugin.
func processSubject() (subject, error) {
	self, err := os.Executable()
	if err != nil {
		return subject{}, fmt.Errorf("finding this program: %w", err)
	}
	client := plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig: handshake, Plugins: map[string]plugin.Plugin{"echo": &echoPlugin{}}, Cmd: exec.CommandContext(context.Background(), self),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolGRPC}, Logger: hclog.NewNullLogger(),
		GRPCDialOptions: []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(16<<20), grpc.MaxCallSendMsgSize(16<<20))},
	})
	protocol, err := client.Client()
	if err != nil {
		client.Kill()
		return subject{}, fmt.Errorf("starting a plugin process: %w", err)
	}
	connection, err := protocol.Dispense("echo")
	if err != nil {
		client.Kill()
		return subject{}, fmt.Errorf("starting a plugin process: %w", err)
	}
	conn := connection.(*grpc.ClientConn) //nolint:forcetypeassert // GRPCClient returns it
	return subject{
		name: "go-plugin 1.8 over gRPC (a process, no sandbox)",
		caller: func(ctx context.Context) (func([]byte) error, func(), error) {
			return func(content []byte) error {
				var answer wrapperspb.BytesValue
				if err := conn.Invoke(ctx, echoMethod, wrapperspb.Bytes(content), &answer); err != nil {
					return err
				}
				if !bytes.Equal(answer.GetValue(), content) {
					return fmt.Errorf("%d bytes came back as %d", len(content), len(answer.GetValue()))
				}
				return nil
			}, func() {}, nil
		},
		close: client.Kill,
	}, nil
}
