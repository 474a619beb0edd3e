using System.Net;
using System.Net.Http.Json;
using Temporalio.Activities;
using Temporalio.Exceptions;

namespace Flagstone.Samples.Adjudication;

/// <param name="Limit">The most that it pays for one claim, in euros.</param>
public sealed record Policy(string Number, decimal Limit);

/// <summary>
/// The insurer's other systems. Each call names the claim, so that one which is made again, after a time-out that hid its answer, does nothing twice.
/// </summary>
/// <param name="http">Its base address is theirs.</param>
public sealed class ClaimActivities(HttpClient http)
{
    [Activity]
    public async Task<Policy> LookUpPolicyAsync(Claim claim)
    {
        using var answer = await SendAsync(HttpMethod.Get, $"policies/{Uri.EscapeDataString(claim.Policy)}");
        return (await answer.Content.ReadFromJsonAsync<Policy>(Cancelled))!;
    }

    [Activity]
    public async Task<int> ScoreFraudAsync(Claim claim)
    {
        using var answer = await SendAsync(HttpMethod.Get, $"fraud-scores/{Uri.EscapeDataString(claim.Id)}");
        return await answer.Content.ReadFromJsonAsync<int>(Cancelled);
    }

    [Activity]
    public Task ReserveFundsAsync(Claim claim) => CallAsync(HttpMethod.Put, "reserves", claim, claim.Amount);

    [Activity]
    public Task ReleaseReserveAsync(Claim claim) => CallAsync(HttpMethod.Delete, "reserves", claim);

    [Activity]
    public Task PayOutAsync(Claim claim) => CallAsync(HttpMethod.Put, "payments", claim, claim.Amount);

    [Activity]
    public Task VoidPaymentAsync(Claim claim) => CallAsync(HttpMethod.Delete, "payments", claim);

    /// <param name="how"><c>paid</c> or <c>refused</c>.</param>
    [Activity]
    public Task NotifyAsync(Claim claim, string how) => CallAsync(HttpMethod.Put, "letters", claim, how);

    private static CancellationToken Cancelled => ActivityExecutionContext.Current.CancellationToken;

    private async Task CallAsync(HttpMethod method, string what, Claim claim, object? body = null)
    {
        using var answer = await SendAsync(method, $"{what}/{Uri.EscapeDataString(claim.Id)}", body);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative)) { Content = body is null ? null : JsonContent.Create(body) };
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        // The server decides that the attempt has timed out; this one only must not wait for ever.
        patience.CancelAfter((ActivityExecutionContext.Current.Info.StartToCloseTimeout ?? TimeSpan.FromMinutes(1)) * 2);
        var answer = await http.SendAsync(request, patience.Token);
        if (answer.IsSuccessStatusCode || (method == HttpMethod.Delete && answer.StatusCode == HttpStatusCode.NotFound))
        {
            return answer;
        }

        using (answer)
        {
            // What it will never take is not asked again.
            throw new ApplicationFailureException(
                $"{method} {path} answered {(int)answer.StatusCode}: {await answer.Content.ReadAsStringAsync(Cancelled)}",
                nonRetryable: (int)answer.StatusCode is >= 400 and < 500 and not 408 and not 429);
        }
    }
}
