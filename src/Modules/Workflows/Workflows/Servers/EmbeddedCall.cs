using Flagstone.Platform.Identity;
using Flagstone.Workflows.Frontend;
using Grpc.Core;

namespace Flagstone.Workflows.Servers;

/// <summary>A call of a handler from within the process: a caller who is signed in already, and no connection.</summary>
internal sealed class EmbeddedCall : ServerCallContext
{
    private readonly string method;

    public EmbeddedCall(string method, Caller caller, string reason, CancellationToken ct)
    {
        this.method = method;
        CancellationTokenCore = ct;
        CallerInterceptor.Admit(this, caller, reason);
    }

    protected override string MethodCore => method;

    protected override string HostCore => "";

    protected override string PeerCore => "";

    protected override DateTime DeadlineCore => DateTime.MaxValue;

    protected override Metadata RequestHeadersCore { get; } = [];

    protected override CancellationToken CancellationTokenCore { get; }

    protected override Metadata ResponseTrailersCore { get; } = [];

    protected override Status StatusCore { get; set; }

    protected override WriteOptions? WriteOptionsCore { get; set; }

    protected override AuthContext AuthContextCore { get; } = new("", []);

    protected override ContextPropagationToken CreatePropagationTokenCore(ContextPropagationOptions? options) => throw new NotSupportedException();

    protected override Task WriteResponseHeadersAsyncCore(Metadata responseHeaders) => Task.CompletedTask;
}
