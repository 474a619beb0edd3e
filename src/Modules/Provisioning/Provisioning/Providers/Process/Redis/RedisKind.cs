using Flagstone.Platform.Resources;
using Flagstone.Provisioning.Managed;

namespace Flagstone.Provisioning.Providers.Process.Redis;

/// <summary>A Redis server of its own: a child process of the embedded platform.</summary>
internal static class RedisKind
{
    public static KindDefinition Server { get; } = ManagedKinds.Make("redisservers", "process.flagstone.dev", "v1alpha1", "RedisServer", """
        {
          "type": "object",
          "properties": {
            "maxMemoryMB": { "type": "integer", "minimum": 1, "maximum": 4096, "default": 64, "description": "What it holds at most; the least recently used goes first." }
          }
        }
        """);
}
