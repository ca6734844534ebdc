//go:build linux

package e2e

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	v2 "github.com/conductorone/baton-sdk/pb/c1/connector/v2"
	v1 "github.com/conductorone/baton-sdk/pb/c1/connectorapi/baton/v1"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers"
	"github.com/conductorone/baton-sdk/pkg/crypto/providers/jwk"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/conductorone/baton-descope/internal/emulator"
	"github.com/conductorone/baton-descope/internal/emulator/emulatortest"
	"github.com/conductorone/baton-descope/internal/harness"
)

// conductorOne is a fake ConductorOne: it hands out one task, a full sync, and accepts
// the file.
type conductorOne struct {
	v1.UnimplementedBatonServiceServer
	host     string // as a connector finds it
	roots    string // the file with its certificate
	refuses  bool   // every connector
	tasks    chan *v1.Task
	uploads  chan []byte
	finished chan *v1.BatonServiceFinishTaskRequest
}

func newConductorOne(t *testing.T) *conductorOne {
	t.Helper()
	c := &conductorOne{
		tasks:    make(chan *v1.Task, 1),
		uploads:  make(chan []byte, 1),
		finished: make(chan *v1.BatonServiceFinishTaskRequest, 1),
	}
	c.tasks <- v1.Task_builder{Id: "full sync", SyncFull: &v1.Task_SyncFullTask{}}.Build()
	calls := grpc.NewServer()
	v1.RegisterBatonServiceServer(calls, c)
	c.host, c.roots = harness.ServeTLS(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc"):
			calls.ServeHTTP(w, r)
		case r.URL.Path == "/auth/v1/token" && c.refuses:
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/auth/v1/token":
			io.WriteString(w, `{"access_token":"token","token_type":"Bearer","expires_in":3600}`)
		default:
			http.NotFound(w, r)
		}
	}))
	return c
}

// environment returns the settings with which a connector finds and trusts it.
func (c *conductorOne) environment(t *testing.T) []string {
	t.Helper()
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := json.Marshal(map[string]string{
		"kty": "OKP", "crv": "Ed25519",
		"x": base64.RawURLEncoding.EncodeToString(public),
		"d": base64.RawURLEncoding.EncodeToString(private.Seed()),
	})
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"BATON_CLIENT_ID=test@" + c.host + "/connector",
		"BATON_CLIENT_SECRET=secret-token:conductorone.com:v1:" + base64.RawURLEncoding.EncodeToString(key),
		"SSL_CERT_FILE=" + c.roots,
	}
}

func (c *conductorOne) Hello(context.Context, *v1.BatonServiceHelloRequest) (*v1.BatonServiceHelloResponse, error) {
	return &v1.BatonServiceHelloResponse{}, nil
}

func (c *conductorOne) GetTask(context.Context, *v1.BatonServiceGetTaskRequest) (*v1.BatonServiceGetTaskResponse, error) {
	response := v1.BatonServiceGetTaskResponse_builder{NextPoll: durationpb.New(time.Second)}
	select {
	case response.Task = <-c.tasks:
	default:
	}
	return response.Build(), nil
}

func (c *conductorOne) Heartbeat(context.Context, *v1.BatonServiceHeartbeatRequest) (*v1.BatonServiceHeartbeatResponse, error) {
	return v1.BatonServiceHeartbeatResponse_builder{NextHeartbeat: durationpb.New(time.Minute)}.Build(), nil
}

func (c *conductorOne) UploadAsset(stream grpc.ClientStreamingServer[v1.BatonServiceUploadAssetRequest, v1.BatonServiceUploadAssetResponse]) error {
	var file []byte
	for {
		part, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			c.uploads <- file
			return stream.SendAndClose(&v1.BatonServiceUploadAssetResponse{})
		}
		if err != nil {
			return err
		}
		file = append(file, part.GetData().GetData()...)
	}
}

func (c *conductorOne) FinishTask(_ context.Context, finish *v1.BatonServiceFinishTaskRequest) (*v1.BatonServiceFinishTaskResponse, error) {
	c.finished <- finish
	return &v1.BatonServiceFinishTaskResponse{}, nil
}

// service starts the connector in service mode, with ConductorOne at an address. Its
// output can be read once it has ended.
func service(t *testing.T, d *emulatortest.Running, c1 *conductorOne, address string, env ...string) (*exec.Cmd, *lockedBuffer) {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.CommandContext(t.Context(), filepath.Join(programs, "baton-descope"))
	cmd.Dir, cmd.WaitDelay = dir, 10*time.Second
	cmd.Env = slices.Concat(c1.environment(t), []string{
		"HOME=" + dir, "TMPDIR=" + dir, "BATON_C1_API_HOST=" + address,
		"BATON_PROJECT_ID=" + d.ProjectID(), "BATON_MANAGEMENT_KEY=" + key, "BATON_BASE_URL=" + d.URL,
	}, env)
	output := &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, output
}

// lockedBuffer is output that is read while it is written.
type lockedBuffer struct {
	mu   sync.Mutex
	text strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// says waits until the output contains a text.
func (b *lockedBuffer) says(t *testing.T, text string) {
	t.Helper()
	for range 600 {
		if strings.Contains(b.String(), text) {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("the output lacks %q:\n%s", text, b)
}

// A ConductorOne that cannot be reached is named in the log, and tried again until it
// can be reached.
func TestServiceWaitsForConductorOne(t *testing.T) {
	t.Parallel()
	d, c1 := descope(t, emulator.Demo()), newConductorOne(t)
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	cmd, output := service(t, d, c1, address)
	output.says(t, `"error":"dial tcp `+address+`: connect: connection refused","next_try":2`)
	output.says(t, "ConductorOne cannot be reached; retrying: check the network, HTTPS_PROXY, and the host in --client-id")

	if listener, err = new(net.ListenConfig).Listen(t.Context(), "tcp", address); err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go forward(t.Context(), listener, c1.host)
	select {
	case finish := <-c1.finished:
		if finish.GetSuccess() == nil {
			t.Errorf("the task ended with %v", finish)
		}
	case <-time.After(time.Minute):
		t.Errorf("nothing came\n%s", output)
	}
	interrupt(t, cmd, output, 0)
	hidden(t, "the log", []byte(output.String()))
}

// ConductorOne has an account created, and can decrypt the password, which is in no log.
func TestServiceCreatesAnAccount(t *testing.T) {
	t.Parallel()
	d, c1 := descope(t, emulator.Demo()), newConductorOne(t)
	provider, err := providers.GetEncryptionProvider(jwk.EncryptionProviderJwk)
	if err != nil {
		t.Fatal(err)
	}
	config, private, err := provider.GenerateKey(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	profile, err := structpb.NewStruct(map[string]any{"email": "ann@example.com", "tenant": "T2acme"})
	if err != nil {
		t.Fatal(err)
	}
	<-c1.tasks
	c1.tasks <- v1.Task_builder{Id: "account", CreateAccount: v1.Task_CreateAccountTask_builder{
		AccountInfo: v2.AccountInfo_builder{Profile: profile}.Build(),
		CredentialOptions: v2.CredentialOptions_builder{
			RandomPassword: v2.CredentialOptions_RandomPassword_builder{Length: 20}.Build(), ForceChangeAtNextLogin: true,
		}.Build(),
		EncryptionConfigs: []*v2.EncryptionConfig{config},
	}.Build()}.Build()
	cmd, output := service(t, d, c1, c1.host, "BATON_PROVISIONING=true", "BATON_LOG_LEVEL=debug")
	var finish *v1.BatonServiceFinishTaskRequest
	select {
	case finish = <-c1.finished:
	case <-time.After(time.Minute):
		t.Fatalf("nothing came\n%s", output)
	}
	interrupt(t, cmd, output, 0)
	reply := &v2.CreateAccountResponse{}
	if err := finish.GetSuccess().GetResponse().UnmarshalTo(reply); err != nil {
		t.Fatalf("the task ended with %v: %v", finish, err)
	}
	user, ok := ann(d)
	if got := reply.GetSuccess().GetResource().GetId().GetResource(); !ok || got != user.UserID || len(reply.GetEncryptedData()) != 1 {
		t.Fatalf("it came to %v; she is there: %v", reply, ok)
	}
	password, err := provider.Decrypt(t.Context(), reply.GetEncryptedData()[0], private)
	if err != nil || len(password.GetBytes()) != 20 {
		t.Fatalf("the password is %v: %v", password, err)
	}
	effects := d.Store().Effects()
	if !slices.Contains(effects, emulator.Effect{Kind: emulator.PasswordExpired, UserID: user.UserID}) {
		t.Errorf("the password is not expired: %v", effects)
	}
	harness.KeyOf(string(password.GetBytes())).Hidden(t, "the log", []byte(output.String()))
	hidden(t, "the log", []byte(output.String()))
}

// ConductorOne invokes an action, and deletes a user.
func TestServiceActsOnUsers(t *testing.T) {
	t.Parallel()
	d, c1 := descope(t, emulator.Demo()), newConductorOne(t)
	<-c1.tasks // It asks for no sync.
	cmd, output := service(t, d, c1, c1.host, "BATON_PROVISIONING=true", "BATON_LOG_LEVEL=debug")
	arguments, err := structpb.NewStruct(map[string]any{"user_id": chloe})
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range []*v1.Task{
		v1.Task_builder{Id: "schemas", ActionListSchemas: &v1.Task_ActionListSchemasTask{}}.Build(),
		v1.Task_builder{Id: "disable", ActionInvoke: v1.Task_ActionInvokeTask_builder{Name: "disable_user", Args: arguments}.Build()}.Build(),
		v1.Task_builder{Id: "expire", ActionInvoke: v1.Task_ActionInvokeTask_builder{Name: "expire_password", ResourceTypeId: "user", Args: arguments}.Build()}.Build(),
		v1.Task_builder{Id: "delete", DeleteResource: v1.Task_DeleteResourceTask_builder{
			ResourceId: v2.ResourceId_builder{ResourceType: "user", Resource: chloe}.Build(),
		}.Build()}.Build(),
	} {
		c1.tasks <- task
		select {
		case finish := <-c1.finished:
			if finish.GetSuccess() == nil {
				t.Errorf("%s ended with %v", task.GetId(), finish)
			}
		case <-time.After(time.Minute):
			t.Fatalf("nothing came of %s\n%s", task.GetId(), output)
		}
	}
	user, _ := emulator.New(emulator.Demo(), emulator.Options{}).Store().User(chloe)
	want := []string{disables, signsOut, `ExpireUserPassword {"loginId":"` + user.LoginIDs[0] + `"}`, `DeleteUser {"userId":"` + chloe + `"}`}
	if got := wrote(t, d); !slices.Equal(got, want) {
		t.Errorf("wrote %v, want %v", got, want)
	}
	if _, there := d.Store().User(chloe); there {
		t.Error("the user is still there")
	}
	interrupt(t, cmd, output, 0)
	hidden(t, "the log", []byte(output.String()))
}

// A ConductorOne that does not know the connector ends it, and the error names the address.
func TestServiceThatIsRefused(t *testing.T) {
	t.Parallel()
	c1 := newConductorOne(t)
	c1.refuses = true
	cmd, output := service(t, descope(t, emulator.Demo()), c1, c1.host)
	cmd.Wait()
	want := "\nbaton-descope: ConductorOne at " + c1.host + " does not accept the connector: "
	if code := cmd.ProcessState.ExitCode(); code != 16 || !strings.Contains(output.String(), want) {
		t.Errorf("exit code %d, want 16, and %q in\n%s", code, want, output)
	}
}

// forward forwards connections to an address.
func forward(ctx context.Context, from net.Listener, to string) {
	for {
		in, err := from.Accept()
		if err != nil {
			return
		}
		out, err := new(net.Dialer).DialContext(ctx, "tcp", to)
		if err != nil {
			in.Close()
			return
		}
		for a, b := range map[net.Conn]net.Conn{in: out, out: in} {
			go func() {
				io.Copy(a, b)
				a.Close()
			}()
		}
	}
}

// SIGINT ends a service at once, even while it waits for ConductorOne or, in the middle
// of a task, for a reply of the API.
func TestServiceEndsAtOnce(t *testing.T) {
	t.Parallel()
	t.Run("waiting for ConductorOne", func(t *testing.T) {
		t.Parallel()
		cmd, output := service(t, descope(t, emulator.Demo()), newConductorOne(t), "127.0.0.1:1")
		output.says(t, "ConductorOne cannot be reached")
		interrupt(t, cmd, output, -1) // By the signal.
	})
	t.Run("in the middle of a sync", func(t *testing.T) {
		t.Parallel()
		d, c1 := descope(t, emulator.Demo()), newConductorOne(t)
		held := make(chan struct{})
		var once sync.Once
		d.Intercept(func(_ string, _ int, _ http.ResponseWriter, r *http.Request) bool {
			once.Do(func() { close(held) })
			<-r.Context().Done()
			return true
		})
		cmd, output := service(t, d, c1, c1.host)
		<-held
		interrupt(t, cmd, output, 0)
	})
}

// interrupt sends SIGINT, and fails the test unless the service ends with that code.
func interrupt(t *testing.T, cmd *exec.Cmd, output *lockedBuffer, code int) {
	t.Helper()
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-time.After(20 * time.Second):
		cmd.Process.Kill()
		<-ended
		t.Errorf("it did not end\n%s", output)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Errorf("exit code %d, want %d\n%s", got, code, output)
	}
}
