using System.Runtime.InteropServices;
using Flagstone.Samples.Adjudication;
using Flagstone.Samples.Adjudication.Stub;
using Temporalio.Client;
using Temporalio.Worker;

// adjudication work [BUILD]       works on claims, beside a stub of the insurer's other systems whose first calls fail
// adjudication start CLAIM        starts a claim and prints its run
// TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE and TEMPORAL_API_KEY say where; TEMPORAL_TLS=true speaks TLS.
var client = await TemporalClient.ConnectAsync(new(Variable("TEMPORAL_ADDRESS", "127.0.0.1:7233"))
{
    Namespace = Variable("TEMPORAL_NAMESPACE", "default"),
    ApiKey = Variable("TEMPORAL_API_KEY", ""),
    Tls = new() { Disabled = Variable("TEMPORAL_TLS", "false") != "true" },
});
switch (args)
{
    case ["work", .. var rest]:
        await WorkAsync(client, rest is [var build] ? build : "1");
        return 0;
    case ["start", var claim]:
        // Whoever administers the platform decides too: a demo has few people.
        string[] anybody = ["role:approver", "role:administrator"];
        var terms = new Terms { Triage = anybody, Assessors = anybody, Payers = anybody, CallTimeout = TimeSpan.FromSeconds(3) };
        var handle = await ClaimDesk.StartAsync(client, new Claim(claim, "Grace", "P-7", 1_200), terms, skipTime: false);
        Console.WriteLine(handle.RunId);
        return 0;
    default:
        await Console.Error.WriteLineAsync("Usage: adjudication work [BUILD] | adjudication start CLAIM");
        return 2;
}

static async Task WorkAsync(TemporalClient client, string build)
{
    using var stopping = new CancellationTokenSource();
    // A worker whose server is gone would try for ever to tell it that it stops.
    using var patience = new CancellationTokenSource();
    using var signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, told =>
    {
        told.Cancel = true;
        stopping.Cancel();
        patience.CancelAfter(ClaimsWorker.LongestStop);
    });
    await using var stub = await InsurerStub.StartAsync();
    stub.Fail("fraud-scores", Fault.Hangs, Fault.Unavailable);
    stub.Fail("reserves", Fault.Unavailable);
    using var http = new HttpClient { BaseAddress = stub.Address };
    using var worker = new TemporalWorker(client, ClaimsWorker.Options(build, new ClaimActivities(http)));
    try
    {
        var working = worker.ExecuteAsync(stopping.Token);
        await ClaimsWorker.MakeCurrentAsync(client, build, stopping.Token);
        Console.WriteLine($"Build {build} works on the queue {ClaimsWorker.Queue} of {client.Options.Namespace}.");
        await working.WaitAsync(patience.Token);
    }
    catch (OperationCanceledException) when (stopping.IsCancellationRequested)
    {
        Console.WriteLine("Stopped.");
    }
}

static string Variable(string name, string otherwise) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;
