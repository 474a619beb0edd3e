namespace Flagstone.Platform.Patching;

/// <summary>Who writes an object, and through which door.</summary>
/// <param name="Name">The field manager: the request's <c>fieldManager</c>, or the first part of its user agent.</param>
/// <param name="Time">The moment of the write, which the manager's entry bears from the last change of its fields.</param>
/// <param name="Subresource">The subresource, such as <c>status</c>, or empty for the object itself.</param>
public sealed record FieldManager(string Name, DateTimeOffset Time, string Subresource = "");
