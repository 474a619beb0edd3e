using System.Text.Json.Nodes;
using Flagstone.Provisioning.Compositions.External.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Flagstone.Provisioning.Compositions.External;

/// <summary>A function that runs as a program of its own, over gRPC.</summary>
internal sealed class ExternalFunction : ICompositionFunction, IDisposable
{
    /// <summary>So many at once: a slow function holds up its own composites alone.</summary>
    private const int Parallelism = 16;

    /// <summary>A composite with hundreds of resources is some megabytes.</summary>
    private const int MaxMessage = 16 * 1024 * 1024;

    private readonly string name;
    private readonly TimeProvider clock;
    private readonly TimeSpan timeout;
    private readonly GrpcChannel channel;
    private readonly FunctionRunnerService.FunctionRunnerServiceClient client;
    private readonly SemaphoreSlim places = new(Parallelism);
    private readonly ResponseCache cache;

    /// <param name="timeout">How long one call may take.</param>
    public ExternalFunction(string name, Uri address, TimeSpan timeout, TimeProvider clock)
    {
        this.name = name;
        this.clock = clock;
        this.timeout = timeout;
        channel = GrpcChannel.ForAddress(address, new GrpcChannelOptions { MaxReceiveMessageSize = MaxMessage, MaxSendMessageSize = MaxMessage });
        client = new FunctionRunnerService.FunctionRunnerServiceClient(channel);
        cache = new ResponseCache(clock);
    }

    public bool MayRequire => true;

    public async ValueTask RunAsync(JsonObject input, Rendering rendering, CancellationToken ct)
    {
        var request = FunctionMessages.Request(input, rendering);
        var tag = ResponseCache.TagOf(request);
        var response = cache.Find(tag);
        if (response is null)
        {
            request.Meta = new RequestMeta { Tag = tag };
            response = await CallAsync(request, ct);
            cache.Keep(tag, response);
        }

        FunctionMessages.Apply(response, rendering);
    }

    public void Dispose()
    {
        channel.Dispose();
        places.Dispose();
    }

    private async Task<RunFunctionResponse> CallAsync(RunFunctionRequest request, CancellationToken ct)
    {
        await places.WaitAsync(ct);
        try
        {
            return await client.RunFunctionAsync(request, deadline: clock.GetUtcNow().UtcDateTime + timeout, cancellationToken: ct);
        }
        catch (RpcException e) when (!ct.IsCancellationRequested)
        {
            throw new FatalResultException($"cannot run Function \"{name}\" at {channel.Target}: {Describe(e)}");
        }
        finally
        {
            places.Release();
        }
    }

    private string Describe(RpcException error) => error.StatusCode switch
    {
        StatusCode.DeadlineExceeded => $"it did not answer within {timeout.TotalSeconds} s",
        StatusCode.Unavailable => "nothing answers there. Start the function, or correct the annotation of its Function.",
        _ => $"rpc error: code = {error.StatusCode} desc = {error.Status.Detail}",
    };
}
