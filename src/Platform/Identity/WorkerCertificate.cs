using System.Security.Cryptography.X509Certificates;
using Flagstone.Platform.Ledger;

namespace Flagstone.Platform.Identity;

/// <summary>
/// Who shows a client certificate on Temporal's port. Its common name says of which namespace the worker is, as the name of a worker's token does:
/// <c>worker.NAMESPACE</c>. That it is of the authority for workers was looked at when the connection was made. Pure.
/// </summary>
public static class WorkerCertificate
{
    private const string Prefix = "worker.";

    /// <summary>Null for a certificate that names no worker.</summary>
    public static Caller? CallerOf(X509Certificate2 certificate)
    {
        // A subject of several common names, or of a name with several values, could be read in two ways.
        var names = certificate.SubjectName.EnumerateRelativeDistinguishedNames()
            .Where(n => n.HasMultipleElements || n.GetSingleElementType().Value == "2.5.4.3").ToList();
        return names is [{ HasMultipleElements: false } only] && only.GetSingleElementValue() is { } name
            && name.StartsWith(Prefix, StringComparison.Ordinal) && name.Length > Prefix.Length
            && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_')
            ? new Caller(new Actor(name), name, Role.Worker, name[Prefix.Length..]) : null;
    }
}
