using System.Text.Json.Nodes;
using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed.Health;

namespace Flagstone.Provisioning.Managed.Calls;

/// <summary>
/// A driver for as long as one reconcile has its place: each call waits for its turn, ends in time and is counted. A call that does not end
/// when it is cancelled is left alone: what came of it is not known, and it keeps its place until it ends.
/// </summary>
internal sealed class GuardedDriver(IProviderDriver inner, ResourceKey key, ProviderBulkhead bulkhead, IDisposable place, ProviderHealth health, TimeProvider clock)
    : IProviderDriver, IDisposable
{
    /// <summary>So long a call has to end after it was cancelled.</summary>
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private bool hasTurn = true;
    private Task? overdue;

    public string Provider => inner.Provider;

    public IReadOnlyList<KindDefinition> Kinds => inner.Kinds;

    public TimeSpan PollEvery => inner.PollEvery;

    public bool NamesAreOurs(KindDefinition kind) => inner.NamesAreOurs(kind);

    public TimeSpan? TokenLife(KindDefinition kind) => inner.TokenLife(kind);

    public IReadOnlyDictionary<string, string> Generate(ManagedResource resource) => inner.Generate(resource);

    /// <summary>It asks the store, and not the provider.</summary>
    public Task<string> PlaceAsync(JsonObject document, CancellationToken ct) => inner.PlaceAsync(document, ct);

    public Task<Observation> ObserveAsync(ManagedResource resource, CancellationToken ct) =>
        CallAsync<Observation>("observe", token => inner.ObserveAsync(resource, token), Judged.Of, problem => new Unobservable(problem), ct);

    public Task<DriverOutcome> CreateAsync(ManagedResource resource, CancellationToken ct) => ChangeAsync("create", token => inner.CreateAsync(resource, token), ct);

    public Task<DriverOutcome> UpdateAsync(ManagedResource resource, CancellationToken ct) => ChangeAsync("update", token => inner.UpdateAsync(resource, token), ct);

    public Task<DriverOutcome> DeleteAsync(ManagedResource resource, CancellationToken ct) => ChangeAsync("delete", token => inner.DeleteAsync(resource, token), ct);

    public Task<DriverOutcome> PollAsync(ManagedResource resource, Operation operation, CancellationToken ct) =>
        ChangeAsync("poll", token => inner.PollAsync(resource, operation, token), ct);

    public void Dispose()
    {
        if (overdue is null)
        {
            place.Dispose();
            return;
        }

        bulkhead.HoldUntil(overdue, key, place);
    }

    private Task<DriverOutcome> ChangeAsync(string verb, Func<CancellationToken, Task<DriverOutcome>> call, CancellationToken ct) =>
        CallAsync<DriverOutcome>(verb, call, Judged.Of, problem => new Unknown(problem), ct);

    private async Task<T> CallAsync<T>(string verb, Func<CancellationToken, Task<T>> call, Func<T, Judged> judge, Func<string, T> late, CancellationToken ct)
    {
        var tooLate = $"The provider '{Provider}' did not answer within {bulkhead.Options.CallTimeout.TotalSeconds:0.#} seconds";
        if (overdue is not null)
        {
            return late(tooLate);
        }

        if (!hasTurn)
        {
            await bulkhead.TakeTurnAsync();
        }

        hasTurn = false;
        using var limit = new CancellationTokenSource(bulkhead.Options.CallTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, limit.Token);
        var counted = health.Begin(Provider, verb, key);
        var judged = new Judged(CallResult.Unknown, tooLate);
        Task<T>? task = null;
        try
        {
            task = call(either.Token);
            var answer = await task.WaitAsync(bulkhead.Options.CallTimeout + Grace, clock, CancellationToken.None);
            judged = judge(answer);
            return answer;
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested)
        {
            return late(tooLate);
        }
        catch (TimeoutException) when (task is { IsCompleted: false })
        {
            overdue = task;
            return late(tooLate);
        }
        catch (Exception e)
        {
            judged = new Judged(CallResult.Failed, $"{e.GetType().Name} in the driver; the log has it");
            throw;
        }
        finally
        {
            health.End(counted, judged);
        }
    }
}
