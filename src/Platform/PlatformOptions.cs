using System.ComponentModel.DataAnnotations;

namespace Flagstone.Platform;

/// <summary>Settings of an installation; keys <c>Flagstone:...</c>, environment <c>Flagstone__...</c>.</summary>
public sealed class PlatformOptions
{
    public const string Section = "Flagstone";

    /// <summary>The data folder.</summary>
    [Required]
    public string Data { get; init; } = "data";

    /// <summary><c>sqlite</c>, or a URL <c>postgresql://USER@HOST:PORT/DATABASE</c> whose password comes by PGPASSWORD or PGPASSFILE.</summary>
    [Required]
    public string Database { get; init; } = "sqlite";

    /// <summary>The address to listen on; loopback unless told otherwise.</summary>
    [Required]
    public string Address { get; init; } = "127.0.0.1";

    [Range(1, 65535)]
    public int Port { get; init; } = 8080;

    [Range(1, 65535)]
    public int KubernetesPort { get; init; } = 6443;

    [Range(1, 65535)]
    public int AppsPort { get; init; } = 8081;

    /// <summary>Temporal's gRPC API.</summary>
    [Range(1, 65535)]
    public int TemporalPort { get; init; } = 7233;

    /// <summary>Whether Temporal's API speaks TLS on loopback too; elsewhere it always does.</summary>
    public bool TemporalTls { get; init; }

    /// <summary>
    /// A PEM file with the authority whose client certificates let workers in on Temporal's port, each by its common name <c>worker.NAMESPACE</c>; empty for
    /// tokens alone.
    /// </summary>
    public string TemporalClientCaFile { get; init; } = "";

    /// <summary>The silo's port; 0 takes a free one.</summary>
    [Range(0, 65535)]
    public int SiloPort { get; init; }

    /// <summary>Where other silos reach this one: an address of this machine. Loopback joins the processes of one machine alone.</summary>
    [Required]
    public string SiloAddress { get; init; } = "127.0.0.1";

    /// <summary>The file with the 32 bytes of the sealing key, the same for all processes; empty for <c>DIR/keys/sealing.key</c>.</summary>
    public string SealingKeyFile { get; init; } = "";

    /// <summary>The file with the 32 bytes of the log's signing key, the same for all processes; empty for <c>DIR/keys/log.key</c>.</summary>
    public string LogKeyFile { get; init; } = "";

    /// <summary>The log's name in checkpoints; give each installation its own.</summary>
    [Required]
    public string LogOrigin { get; init; } = "flagstone.local/ledger";

    /// <summary>
    /// How many hours earlier versions of resources are kept, counted from the change that superseded them. A watch can resume, and a change
    /// can be compared, so long after; at least two, as a watch itself may last one.
    /// </summary>
    [Range(2, 24 * 3660)]
    public int RevisionHours { get; init; } = 24;

    /// <summary>Whether the services themselves run here: by default in embedded mode only.</summary>
    public bool? RunServices { get; init; }

    /// <summary>Whether the services run in this process.</summary>
    public bool RunsServices => RunServices ?? IsEmbedded;

    /// <summary>The address that people use for the platform, for example behind a proxy; empty for this machine's own.</summary>
    public string Url { get; init; } = "";

    /// <summary>Where people reach the console, the REST API and Git; no slash at its end.</summary>
    public string PublicUrl => Url.Length > 0 ? Url.TrimEnd('/') : $"http://{(Address is "0.0.0.0" ? "127.0.0.1" : Address)}:{Port}";

    /// <summary>The address under which services are reached, for example behind a proxy; empty for this machine's own.</summary>
    public string AppsUrl { get; init; } = "";

    /// <summary>Where services are reached, at <c>/NAMESPACE/NAME/</c> below it; no slash at its end.</summary>
    public string PublicAppsUrl => AppsUrl.Length > 0 ? AppsUrl.TrimEnd('/') : $"http://{(Address is "0.0.0.0" ? "127.0.0.1" : Address)}:{AppsPort}";

    /// <summary>Where this machine reaches the Kubernetes API.</summary>
    public string KubernetesUrl => $"https://{(Address is "0.0.0.0" ? "127.0.0.1" : Address)}:{KubernetesPort}";

    public bool IsEmbedded => Database == "sqlite";
}
