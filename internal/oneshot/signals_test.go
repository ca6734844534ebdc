package oneshot

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"testing"
)

// signalEnv makes the test program wait for signals.
const signalEnv = "ONESHOT_TEST_SIGNALS"

func TestMain(m *testing.M) {
	if path := os.Getenv(contender); path != "" {
		if err := contend(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv(signalEnv) == "" {
		os.Exit(m.Run())
	}
	ctx, _ := WithSignals(context.Background())
	fmt.Fprintln(os.Stdout, "ready")
	<-ctx.Done()
	fmt.Fprintln(os.Stdout, ctx.Err())
	select {} // It does not end on its own.
}

// The second signal ends a process that does not end on its own.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("there are no such signals")
	}
	for signal, code := range map[syscall.Signal]int{syscall.SIGINT: 130, syscall.SIGTERM: 143} {
		cmd := exec.CommandContext(t.Context(), os.Args[0])
		cmd.Env = []string{signalEnv + "=1"}
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for lines := bufio.NewScanner(stdout); lines.Scan(); {
			cmd.Process.Signal(signal)
		}
		cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != code {
			t.Errorf("%s: exit code %d, want %d", signal, got, code)
		}
	}
}
