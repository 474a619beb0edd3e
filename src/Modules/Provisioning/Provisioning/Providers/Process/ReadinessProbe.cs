namespace Flagstone.Provisioning.Providers.Process;

/// <summary>Asks a service whether it is ready, as a cluster would: any answer from 200 to 399 is yes.</summary>
internal sealed class ReadinessProbe : IDisposable
{
    private readonly HttpClient http = new(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionLifetime = TimeSpan.FromMinutes(1), UseProxy = false });

    public async Task<bool> AnswersAsync(ServiceInstance instance, TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try
        {
            var path = instance.ReadinessPath.StartsWith('/') ? instance.ReadinessPath : $"/{instance.ReadinessPath}";
            using var answer = await http.GetAsync(
                new Uri($"http://127.0.0.1:{instance.Port}{path}"), HttpCompletionOption.ResponseHeadersRead, deadline.Token);
            // Without a probe an answer of any kind tells that the port is served.
            return instance.ReadinessPath.Length == 0 || (int)answer.StatusCode is >= 200 and < 400;
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    public void Dispose() => http.Dispose();
}
