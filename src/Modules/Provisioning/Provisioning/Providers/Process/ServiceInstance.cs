using System.Text;
using System.Text.Json;
using Flagstone.Platform.Data;

namespace Flagstone.Provisioning.Providers.Process;

/// <summary>One process of a service, as its files say: what is in them outlives the platform.</summary>
/// <param name="Id">Tells by what it runs; the same for the same commit, environment and limits.</param>
internal sealed record ServiceInstance(string Id, string Commit, int Port, string ReadinessPath, int GraceSeconds)
{
    public void Write(string file) => DataFolder.WritePrivate(file, Encoding.UTF8.GetBytes(JsonSerializer.Serialize(this)));

    public static ServiceInstance? Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<ServiceInstance>(File.ReadAllText(file));
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}
