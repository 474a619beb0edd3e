using System.ComponentModel.DataAnnotations;
using Flagstone.Workflows.Contracts;

namespace Flagstone.Workflows.Servers;

/// <summary>
/// The Temporal server that the platform uses instead of its own; keys <c>Flagstone:Workflows:Server:...</c>. With an address the embedded one is not
/// served.
/// </summary>
internal sealed record ServerOptions
{
    public const string Section = "Flagstone:Workflows:Server";

    /// <summary><c>HOST:PORT</c> of its frontend; empty for the embedded server.</summary>
    public string Address { get; init; } = "";

    /// <summary>A file with the API key; empty for none. A file, so that the key is in no list of processes.</summary>
    public string ApiKeyFile { get; init; } = "";

    /// <summary>False for a server that speaks in the clear, as one on this machine may.</summary>
    public bool Tls { get; init; } = true;

    /// <summary>A PEM file with the authority that its certificate is of; empty for the machine's own ones.</summary>
    public string CaFile { get; init; } = "";

    /// <summary>A PEM file with the certificate that the platform shows; empty for none.</summary>
    public string CertificateFile { get; init; } = "";

    /// <summary>A PEM file with that certificate's key; empty for none.</summary>
    public string KeyFile { get; init; } = "";

    /// <summary>
    /// The namespaces whose workflows ask people here, with commas between; beside the platform's own one. Needed where the key may not list the server's
    /// namespaces, or where there are more than 50.
    /// </summary>
    public string PeopleNamespaces { get; init; } = "";

    /// <summary><see cref="PeopleNamespaces"/>, each once.</summary>
    public IReadOnlyList<string> ToPeopleNamespaces() =>
        [.. PeopleNamespaces.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct(StringComparer.Ordinal)];

    /// <summary>Null for the embedded server. Files are read at the start.</summary>
    /// <exception cref="ValidationException">A setting cannot be used.</exception>
    public TemporalServer? ToServer()
    {
        if (Address.Length == 0)
        {
            return null;
        }

        if (Address.LastIndexOf(':') is not (> 0 and var colon) || !ushort.TryParse(Address.AsSpan(colon + 1), out _))
        {
            throw new ValidationException($"{Section}:Address is '{Address}'. Write HOST:PORT of the Temporal server's frontend, such as temporal.example.com:7233.");
        }

        if (CertificateFile.Length > 0 != KeyFile.Length > 0)
        {
            throw new ValidationException($"{Section} has one of CertificateFile and KeyFile. Give both, or none.");
        }

        return new TemporalServer(Address, Text(ApiKeyFile, nameof(ApiKeyFile)).Trim(), Tls, Text(CaFile, nameof(CaFile)), Text(CertificateFile, nameof(CertificateFile)), Text(KeyFile, nameof(KeyFile)));
    }

    private static string Text(string file, string setting)
    {
        try
        {
            return file.Length == 0 ? "" : File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ValidationException($"{Section}:{setting} is '{file}', which cannot be read: {e.Message}", e);
        }
    }
}
